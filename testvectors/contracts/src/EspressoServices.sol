// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// The families espresso-v4, -v5 and -v6: two kinds of TEE, and hashes per kind of service.
enum TeeType {
    SGX,
    NITRO
}

enum ServiceType {
    BatchPoster,
    CaffNode
}

interface InnerOfServices {
    function registeredEnclaveHash(bytes32 hash, ServiceType service) external view returns (bool);
    function isSignerValid(address signer, ServiceType service) external view returns (bool);
    function setEnclaveHash(bytes32 hash, bool valid, ServiceType service) external;
    function deleteEnclaveHashes(bytes32[] calldata hashes, ServiceType service) external;
    function registerService(bytes calldata output, bytes calldata proof, ServiceType service) external;
}

/// What outer contracts of these families share; where the two pointers stand is theirs to say.
abstract contract OuterOfServices {
    struct Pointers {
        InnerOfServices sgx;
        InnerOfServices nitro;
    }

    error UnsupportedTeeType(TeeType teeType);

    event EspressoSGXTEEVerifierSet(address indexed old, address indexed next);
    event EspressoNitroTEEVerifierSet(address indexed old, address indexed next);

    function pointers() internal view virtual returns (Pointers storage);

    function chosen(TeeType teeType) private view returns (InnerOfServices) {
        return teeType == TeeType.SGX ? pointers().sgx : pointers().nitro;
    }

    function espressoSGXTEEVerifier() external view returns (address) {
        return address(pointers().sgx);
    }

    function espressoNitroTEEVerifier() external view returns (address) {
        return address(pointers().nitro);
    }

    function setEspressoSGXTEEVerifier(InnerOfServices next) external {
        emit EspressoSGXTEEVerifierSet(address(pointers().sgx), address(next));
        pointers().sgx = next;
    }

    function setEspressoNitroTEEVerifier(InnerOfServices next) external {
        emit EspressoNitroTEEVerifierSet(address(pointers().nitro), address(next));
        pointers().nitro = next;
    }

    function registeredEnclaveHashes(bytes32 hash, TeeType teeType, ServiceType service)
        external
        view
        returns (bool)
    {
        return chosen(teeType).registeredEnclaveHash(hash, service);
    }

    function isSignerValid(address signer, TeeType teeType, ServiceType service) external view returns (bool) {
        return chosen(teeType).isSignerValid(signer, service);
    }

    function setEnclaveHash(bytes32 hash, bool valid, TeeType teeType, ServiceType service) external {
        chosen(teeType).setEnclaveHash(hash, valid, service);
    }

    function deleteEnclaveHashes(bytes32[] calldata hashes, TeeType teeType, ServiceType service) external {
        chosen(teeType).deleteEnclaveHashes(hashes, service);
    }

    function registerService(bytes calldata output, bytes calldata proof, TeeType teeType, ServiceType service)
        external
    {
        chosen(teeType).registerService(output, proof, service);
    }
}

/// Outer contract of espresso-v4: plain, pointers in slots 2 and 3.
contract EspressoV4Outer is OuterOfServices {
    address private _owner;
    address private _pendingOwner;
    Pointers private _pointers;

    constructor(InnerOfServices sgx, InnerOfServices nitro) {
        _owner = msg.sender;
        _pointers.sgx = sgx;
        _pointers.nitro = nitro;
    }

    function owner() external view returns (address) {
        return _owner;
    }

    function pendingOwner() external view returns (address) {
        return _pendingOwner;
    }

    function pointers() internal view override returns (Pointers storage) {
        return _pointers;
    }
}

/// Outer contract of espresso-v5 and -v6, behind a Proxy: pointers by ERC-7201, SGX first.
contract EspressoV6Outer is OuterOfServices {
    bytes32 private constant POINTERS = 0x89639f446056f5d7661bbd94e8ab0617a80058ed7b072845818d4b93332e4800;

    function pointers() internal pure override returns (Pointers storage at) {
        assembly {
            at.slot := POINTERS
        }
    }
}

/// What inner contracts of v5 and v6 share; where their state stands is theirs to say.
abstract contract InnerOfServicesBase is InnerOfServices {
    struct State {
        mapping(ServiceType => mapping(bytes32 => bool)) registeredEnclaveHashes;
        mapping(ServiceType => mapping(address => bool)) registeredServices;
        address teeVerifier;
        mapping(ServiceType => mapping(address => bytes32)) signerToEnclaveHash;
        address nitroEnclaveVerifier;
    }

    error UnauthorizedTEEVerifier(address caller);
    error InvalidEnclaveHash(bytes32 hash, ServiceType service);

    event EnclaveHashSet(bytes32 indexed hash, bool indexed valid, ServiceType indexed service);
    event DeletedEnclaveHash(bytes32 indexed hash, ServiceType indexed service);
    event ServiceRegistered(address indexed signer, bytes32 indexed hash, ServiceType indexed service);
    event TeeVerifierSet(address teeVerifier);

    modifier onlyOuter() {
        if (msg.sender != state().teeVerifier) revert UnauthorizedTEEVerifier(msg.sender);
        _;
    }

    function state() internal view virtual returns (State storage);

    function begin(address outer) internal {
        state().teeVerifier = outer;
        emit TeeVerifierSet(outer);
    }

    function teeVerifier() external view returns (address) {
        return state().teeVerifier;
    }

    function nitroEnclaveVerifier() external view returns (address) {
        return state().nitroEnclaveVerifier;
    }

    function registeredEnclaveHash(bytes32 hash, ServiceType service) external view returns (bool) {
        return state().registeredEnclaveHashes[service][hash];
    }

    function isSignerValid(address signer, ServiceType service) external view returns (bool) {
        State storage now_ = state();
        return now_.registeredServices[service][signer]
            && now_.registeredEnclaveHashes[service][now_.signerToEnclaveHash[service][signer]];
    }

    function setEnclaveHash(bytes32 hash, bool valid, ServiceType service) external onlyOuter {
        state().registeredEnclaveHashes[service][hash] = valid;
        emit EnclaveHashSet(hash, valid, service);
    }

    function deleteEnclaveHashes(bytes32[] calldata hashes, ServiceType service) external onlyOuter {
        for (uint256 i = 0; i < hashes.length; i++) {
            if (!state().registeredEnclaveHashes[service][hashes[i]]) continue;
            delete state().registeredEnclaveHashes[service][hashes[i]];
            emit DeletedEnclaveHash(hashes[i], service);
        }
    }

    /// No attestation is looked at here: `output` is abi.encode(signer, hash).
    function registerService(bytes calldata output, bytes calldata, ServiceType service) external {
        (address signer, bytes32 hash) = abi.decode(output, (address, bytes32));
        if (!state().registeredEnclaveHashes[service][hash]) revert InvalidEnclaveHash(hash, service);
        if (state().registeredServices[service][signer]) return;
        state().registeredServices[service][signer] = true;
        state().signerToEnclaveHash[service][signer] = hash;
        emit ServiceRegistered(signer, hash, service);
    }
}

/// Inner contract of espresso-v6: plain, state from slot 0 on.
contract EspressoV6Inner is InnerOfServicesBase {
    State private _state;

    constructor(address outer) {
        begin(outer);
    }

    function state() internal view override returns (State storage) {
        return _state;
    }
}

/// Inner contract of espresso-v5: behind a Proxy, state by ERC-7201.
contract EspressoV5Inner is InnerOfServicesBase {
    bytes32 private constant STATE = 0x6c53fdf1cef7bc567e8d46761d9c42d29c5fad7063be8d47b686412bfc375800;

    function initialize(address outer) external {
        require(state().teeVerifier == address(0), "initialized before");
        begin(outer);
    }

    function state() internal pure override returns (State storage at) {
        assembly {
            at.slot := STATE
        }
    }
}

/// Inner contract of espresso-v4: plain, hashes in slot 2, deleting a hash deletes its signers too.
contract EspressoV4Inner is InnerOfServices {
    address private _owner;
    address private _pendingOwner;
    mapping(ServiceType => mapping(bytes32 => bool)) public registeredEnclaveHashes;
    mapping(ServiceType => mapping(address => bool)) public registeredServices;
    mapping(ServiceType => mapping(bytes32 => address[])) private enclaveHashToSigner;
    address public _nitroEnclaveVerifier;

    error InvalidEnclaveHash(bytes32 hash, ServiceType service);

    event EnclaveHashSet(bytes32 indexed hash, bool indexed valid, ServiceType indexed service);
    event DeletedEnclaveHash(bytes32 indexed hash, ServiceType indexed service);
    event ServiceRegistered(address indexed signer, bytes32 indexed hash, ServiceType indexed service);
    event DeletedRegisteredService(address indexed signer, ServiceType indexed service);

    constructor() {
        _owner = msg.sender;
    }

    function owner() external view returns (address) {
        return _owner;
    }

    function pendingOwner() external view returns (address) {
        return _pendingOwner;
    }

    function registeredEnclaveHash(bytes32 hash, ServiceType service) external view returns (bool) {
        return registeredEnclaveHashes[service][hash];
    }

    function isSignerValid(address signer, ServiceType service) external view returns (bool) {
        return registeredServices[service][signer];
    }

    function setEnclaveHash(bytes32 hash, bool valid, ServiceType service) external {
        registeredEnclaveHashes[service][hash] = valid;
        emit EnclaveHashSet(hash, valid, service);
    }

    function deleteEnclaveHashes(bytes32[] calldata hashes, ServiceType service) external {
        for (uint256 i = 0; i < hashes.length; i++) {
            address[] storage signers = enclaveHashToSigner[service][hashes[i]];
            for (uint256 k = 0; k < signers.length; k++) {
                delete registeredServices[service][signers[k]];
                emit DeletedRegisteredService(signers[k], service);
            }
            delete enclaveHashToSigner[service][hashes[i]];
            if (!registeredEnclaveHashes[service][hashes[i]]) continue;
            delete registeredEnclaveHashes[service][hashes[i]];
            emit DeletedEnclaveHash(hashes[i], service);
        }
    }

    /// No attestation is looked at here: `output` is abi.encode(signer, hash).
    function registerService(bytes calldata output, bytes calldata, ServiceType service) external {
        (address signer, bytes32 hash) = abi.decode(output, (address, bytes32));
        if (!registeredEnclaveHashes[service][hash]) revert InvalidEnclaveHash(hash, service);
        registeredServices[service][signer] = true;
        enclaveHashToSigner[service][hash].push(signer);
        emit ServiceRegistered(signer, hash, service);
    }
}
