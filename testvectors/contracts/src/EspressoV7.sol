// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Inner contract of the family espresso-v7: holds the hashes in slot 0, names its outer one in slot 2.
contract EspressoV7Inner {
    mapping(bytes32 => bool) private _registeredEnclaveHashes;
    mapping(address => bool) private _registeredServices;
    address private _teeVerifier;
    mapping(address => bytes32) private _signerToEnclaveHash;
    address private _nitroEnclaveVerifier;

    error UnauthorizedTEEVerifier(address caller);
    error InvalidEnclaveHash(bytes32 hash);

    event EnclaveHashSet(bytes32 indexed hash, bool indexed valid);
    event DeletedEnclaveHash(bytes32 indexed hash);
    event ServiceRegistered(address indexed signer, bytes32 indexed hash);
    event TeeVerifierSet(address teeVerifier);
    event NitroEnclaveVerifierSet(address nitroEnclaveVerifier);

    modifier onlyOuter() {
        if (msg.sender != _teeVerifier) revert UnauthorizedTEEVerifier(msg.sender);
        _;
    }

    constructor(address outer, address nitroVerifier) {
        _teeVerifier = outer;
        emit TeeVerifierSet(outer);
        _nitroEnclaveVerifier = nitroVerifier;
        emit NitroEnclaveVerifierSet(nitroVerifier);
    }

    function teeVerifier() external view returns (address) {
        return _teeVerifier;
    }

    function nitroEnclaveVerifier() external view returns (address) {
        return _nitroEnclaveVerifier;
    }

    function registeredEnclaveHash(bytes32 hash) external view returns (bool) {
        return _registeredEnclaveHashes[hash];
    }

    /// False as soon as the signer's image is no longer registered.
    function isSignerValid(address signer) external view returns (bool) {
        return _registeredServices[signer] && _registeredEnclaveHashes[_signerToEnclaveHash[signer]];
    }

    function setEnclaveHash(bytes32 hash, bool valid) external onlyOuter {
        _registeredEnclaveHashes[hash] = valid;
        emit EnclaveHashSet(hash, valid);
    }

    function deleteEnclaveHashes(bytes32[] calldata hashes) external onlyOuter {
        for (uint256 i = 0; i < hashes.length; i++) {
            if (!_registeredEnclaveHashes[hashes[i]]) continue;
            delete _registeredEnclaveHashes[hashes[i]];
            emit DeletedEnclaveHash(hashes[i]);
        }
    }

    /// No attestation is looked at here: `output` is abi.encode(signer, hash).
    function registerService(bytes calldata output, bytes calldata) external {
        (address signer, bytes32 hash) = abi.decode(output, (address, bytes32));
        if (!_registeredEnclaveHashes[hash]) revert InvalidEnclaveHash(hash);
        if (_registeredServices[signer]) return;
        _registeredServices[signer] = true;
        _signerToEnclaveHash[signer] = hash;
        emit ServiceRegistered(signer, hash);
    }
}

/// Outer contract of the family espresso-v7, meant to stand behind a Proxy. NITRO is 0 here.
contract EspressoV7Outer {
    enum TeeType {
        NITRO
    }

    struct Pointers {
        EspressoV7Inner nitro;
    }

    bytes32 private constant POINTERS = 0x89639f446056f5d7661bbd94e8ab0617a80058ed7b072845818d4b93332e4800;
    bytes32 private constant OWNER = 0x9016d09d72d40fdae2fd8ceac6b6234c7706214fd39c1cd1e609a0528c199300;

    error NotGuardianOrOwner(address caller);

    event EspressoNitroTEEVerifierSet(address indexed old, address indexed next);
    event OwnershipTransferred(address indexed previous, address indexed next);

    modifier onlyOwner() {
        if (msg.sender != owner()) revert NotGuardianOrOwner(msg.sender);
        _;
    }

    function pointers() private pure returns (Pointers storage at) {
        assembly {
            at.slot := POINTERS
        }
    }

    function initialize(address owner_) external {
        require(owner() == address(0), "initialized before");
        assembly {
            sstore(OWNER, owner_)
        }
        emit OwnershipTransferred(address(0), owner_);
    }

    function owner() public view returns (address at) {
        assembly {
            at := sload(OWNER)
        }
    }

    function espressoNitroTEEVerifier() external view returns (address) {
        return address(pointers().nitro);
    }

    function registeredEnclaveHashes(bytes32 hash, TeeType) external view returns (bool) {
        return pointers().nitro.registeredEnclaveHash(hash);
    }

    function isSignerValid(address signer, TeeType) external view returns (bool) {
        return pointers().nitro.isSignerValid(signer);
    }

    function setEspressoNitroTEEVerifier(EspressoV7Inner next) external onlyOwner {
        emit EspressoNitroTEEVerifierSet(address(pointers().nitro), address(next));
        pointers().nitro = next;
    }

    function setEnclaveHash(bytes32 hash, bool valid, TeeType) external onlyOwner {
        pointers().nitro.setEnclaveHash(hash, valid);
    }

    function deleteEnclaveHashes(bytes32[] calldata hashes, TeeType) external onlyOwner {
        pointers().nitro.deleteEnclaveHashes(hashes);
    }

    function registerService(bytes calldata output, bytes calldata proof, TeeType) external {
        pointers().nitro.registerService(output, proof);
    }
}

/// An inner contract that answers true to everything and names any outer one: what a takeover switches to.
contract EspressoV7Rogue {
    address private immutable outer;

    constructor(address outer_) {
        outer = outer_;
    }

    function teeVerifier() external view returns (address) {
        return outer;
    }

    function registeredEnclaveHash(bytes32) external pure returns (bool) {
        return true;
    }

    function isSignerValid(address) external pure returns (bool) {
        return true;
    }
}
