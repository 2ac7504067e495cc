// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

struct EnclaveImage {
    bytes PCR0;
    bytes PCR1;
    bytes PCR2;
}

/// What both Marlin families do with their two mappings.
abstract contract MarlinImages {
    struct State {
        mapping(bytes32 => EnclaveImage) images;
        mapping(address => bytes32) keys;
    }

    event EnclaveImageWhitelisted(bytes32 indexed imageId, bytes PCR0, bytes PCR1, bytes PCR2);
    event EnclaveImageRevoked(bytes32 indexed imageId);
    event EnclaveKeyVerified(address indexed enclaveAddress, bytes32 indexed imageId, bytes publicKey);

    function state() internal view virtual returns (State storage);

    /// Registers of any length, so that a test can store wrong ones.
    function whitelistEnclaveImage(bytes calldata pcr0, bytes calldata pcr1, bytes calldata pcr2) external {
        bytes32 id = keccak256(abi.encodePacked(pcr0, pcr1, pcr2));
        state().images[id] = EnclaveImage(pcr0, pcr1, pcr2);
        emit EnclaveImageWhitelisted(id, pcr0, pcr1, pcr2);
    }

    /// Stores registers under an id that is not theirs.
    function misfileEnclaveImage(bytes32 id, bytes calldata pcr0, bytes calldata pcr1, bytes calldata pcr2)
        external
    {
        state().images[id] = EnclaveImage(pcr0, pcr1, pcr2);
    }

    function revokeEnclaveImage(bytes32 id) external {
        delete state().images[id];
        emit EnclaveImageRevoked(id);
    }

    function verifyKey(address signer, bytes32 id) external {
        state().keys[signer] = id;
        emit EnclaveKeyVerified(signer, id, "");
    }
}

/// The family marlin-verifier: images in slot 500, keys in slot 501.
contract MarlinVerifier is MarlinImages {
    uint256[500] private _before;
    State private _state;

    function state() internal view override returns (State storage) {
        return _state;
    }

    function whitelistedImages(bytes32 id) external view returns (bytes memory, bytes memory, bytes memory) {
        EnclaveImage storage image = _state.images[id];
        return (image.PCR0, image.PCR1, image.PCR2);
    }

    function verifiedKeys(address signer) external view returns (bytes32) {
        return _state.keys[signer];
    }
}

/// The family marlin-auther, behind a Proxy: the same by ERC-7201, and the image is returned as one struct.
contract MarlinAuther is MarlinImages {
    bytes32 private constant STATE = 0xc17b4b708b6f44255c20913a9d97a05300b670342c71fe5ae5b617bd4db55000;

    function state() internal pure override returns (State storage at) {
        assembly {
            at.slot := STATE
        }
    }

    function getWhitelistedImage(bytes32 id) external view returns (EnclaveImage memory) {
        return state().images[id];
    }

    function getVerifiedKey(address signer) external view returns (bytes32) {
        return state().keys[signer];
    }
}
