// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// The family base-systemconfig, behind a Proxy: hashes in slot 102.
contract BaseSystemConfig {
    uint256[102] private _before;
    mapping(bytes32 => bool) public validPCR0s;
    mapping(address => bool) public validSigners;

    /// Raw bytes of any length, hashed here.
    function registerPCR0(bytes calldata pcr0) external {
        validPCR0s[keccak256(pcr0)] = true;
    }

    function deregisterPCR0(bytes calldata pcr0) external {
        delete validPCR0s[keccak256(pcr0)];
    }

    function setSigner(address signer, bool valid) external {
        validSigners[signer] = valid;
    }
}

/// One game of the family base-multiproof: its image is part of its code, not of its storage.
contract BaseAggregateVerifier {
    bytes32 public immutable TEE_IMAGE_HASH;

    constructor(bytes32 hash) {
        TEE_IMAGE_HASH = hash;
    }
}

/// The registry of the family base-multiproof: asks the game in force.
contract BaseProverRegistry {
    uint32 public constant gameType = 621;
    mapping(uint32 => BaseAggregateVerifier) public gameImpls;
    mapping(address => bool) public isRegisteredSigner;
    mapping(address => bytes32) public signerImageHash;

    event SignerRegistered(address indexed signer);
    event SignerDeregistered(address indexed signer);

    constructor(BaseAggregateVerifier game) {
        gameImpls[gameType] = game;
    }

    function setGame(BaseAggregateVerifier game) external {
        gameImpls[gameType] = game;
    }

    function getExpectedImageHash() public view returns (bytes32) {
        return gameImpls[gameType].TEE_IMAGE_HASH();
    }

    function isValidSigner(address signer) external view returns (bool) {
        return isRegisteredSigner[signer] && signerImageHash[signer] == getExpectedImageHash();
    }

    function registerSigner(address signer, bytes32 hash) external {
        isRegisteredSigner[signer] = true;
        signerImageHash[signer] = hash;
        emit SignerRegistered(signer);
    }

    function deregisterSigner(address signer) external {
        delete isRegisteredSigner[signer];
        delete signerImageHash[signer];
        emit SignerDeregistered(signer);
    }
}
