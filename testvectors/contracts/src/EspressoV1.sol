// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Inner contract of the family espresso-v1, for Nitro and, deployed a second time, for SGX.
contract EspressoV1Inner {
    address private _owner;
    address private _pendingOwner;
    mapping(bytes32 => bool) public registeredEnclaveHash;
    mapping(address => bool) public registeredSigners;
    address public _certManager;

    error InvalidAWSEnclaveHash();

    event AWSEnclaveHashSet(bytes32 hash, bool valid);
    event AWSSignerRegistered(address signer, bytes32 hash);
    event DeletedAWSRegisteredSigner(address signer);

    /// The first hash is registered without an event.
    constructor(bytes32 hash) {
        _owner = msg.sender;
        registeredEnclaveHash[hash] = true;
    }

    function owner() external view returns (address) {
        return _owner;
    }

    function pendingOwner() external view returns (address) {
        return _pendingOwner;
    }

    function setEnclaveHash(bytes32 hash, bool valid) external {
        registeredEnclaveHash[hash] = valid;
        emit AWSEnclaveHashSet(hash, valid);
    }

    /// No attestation is looked at here: `attestation` is abi.encode(signer, hash).
    function registerSigner(bytes calldata attestation, bytes calldata) external {
        (address signer, bytes32 hash) = abi.decode(attestation, (address, bytes32));
        if (!registeredEnclaveHash[hash]) revert InvalidAWSEnclaveHash();
        registeredSigners[signer] = true;
        emit AWSSignerRegistered(signer, hash);
    }

    function deleteRegisteredSigners(address[] calldata signers) external {
        for (uint256 i = 0; i < signers.length; i++) {
            delete registeredSigners[signers[i]];
            emit DeletedAWSRegisteredSigner(signers[i]);
        }
    }
}

/// Outer contract of the family espresso-v1: plain, SGX in slot 2, Nitro in slot 3; NITRO is 1 here.
contract EspressoV1Outer {
    enum TeeType {
        SGX,
        NITRO
    }

    address private _owner;
    address private _pendingOwner;
    EspressoV1Inner public espressoSGXTEEVerifier;
    EspressoV1Inner public espressoNitroTEEVerifier;

    constructor(EspressoV1Inner sgx, EspressoV1Inner nitro) {
        _owner = msg.sender;
        espressoSGXTEEVerifier = sgx;
        espressoNitroTEEVerifier = nitro;
    }

    function chosen(TeeType teeType) private view returns (EspressoV1Inner) {
        return teeType == TeeType.SGX ? espressoSGXTEEVerifier : espressoNitroTEEVerifier;
    }

    function owner() external view returns (address) {
        return _owner;
    }

    function pendingOwner() external view returns (address) {
        return _pendingOwner;
    }

    function registeredEnclaveHashes(bytes32 hash, TeeType teeType) external view returns (bool) {
        return chosen(teeType).registeredEnclaveHash(hash);
    }

    function registeredSigners(address signer, TeeType teeType) external view returns (bool) {
        return chosen(teeType).registeredSigners(signer);
    }

    function registerSigner(bytes calldata attestation, bytes calldata data, TeeType teeType) external {
        chosen(teeType).registerSigner(attestation, data);
    }

    function setEspressoNitroTEEVerifier(EspressoV1Inner next) external {
        espressoNitroTEEVerifier = next;
    }
}
