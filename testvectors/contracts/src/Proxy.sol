// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// The address that may upgrade a Proxy; whoever deployed the proxy owns it.
contract ProxyAdmin {
    address public owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function upgradeAndCall(Proxy proxy, address implementation, bytes calldata data) external {
        require(msg.sender == owner, "not the owner");
        proxy.upgradeToAndCall(implementation, data);
    }
}

/// A transparent proxy with the two slots of EIP-1967 and an admin contract of its own.
contract Proxy {
    bytes32 private constant IMPLEMENTATION = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;
    bytes32 private constant ADMIN = 0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103;
    address private immutable admin;

    error ProxyDeniedAdminAccess();

    event Upgraded(address indexed implementation);
    event AdminChanged(address previous, address next);

    constructor(address implementation) {
        admin = address(new ProxyAdmin(msg.sender));
        store(ADMIN, admin);
        emit AdminChanged(address(0), admin);
        store(IMPLEMENTATION, implementation);
        emit Upgraded(implementation);
    }

    function store(bytes32 slot, address value) private {
        assembly {
            sstore(slot, value)
        }
    }

    /// For the admin alone; to everybody else the implementation answers, also under this selector.
    function upgradeToAndCall(address implementation, bytes calldata data) external {
        if (msg.sender != admin) forward();
        store(IMPLEMENTATION, implementation);
        emit Upgraded(implementation);
        if (data.length > 0) {
            (bool done,) = implementation.delegatecall(data);
            require(done, "the call after the upgrade failed");
        }
    }

    fallback() external {
        if (msg.sender == admin) revert ProxyDeniedAdminAccess();
        forward();
    }

    function forward() private {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), sload(IMPLEMENTATION), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch done
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }
}
