// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// The family worldchain: sets of three hashed registers, keyed by the hash of the hashes.
contract WorldChain {
    mapping(bytes32 => bool) public approvedPCRSets;

    event PCRSetApproved(bytes32 k0, bytes32 k1, bytes32 k2);

    function isPCRSetApproved(bytes32 k0, bytes32 k1, bytes32 k2) external view returns (bool) {
        return approvedPCRSets[keccak256(abi.encodePacked(k0, k1, k2))];
    }

    function approvePCRSet(bytes32 k0, bytes32 k1, bytes32 k2) external {
        approvedPCRSets[keccak256(abi.encodePacked(k0, k1, k2))] = true;
        emit PCRSetApproved(k0, k1, k2);
    }

    function revokePCRSet(bytes32 k0, bytes32 k1, bytes32 k2) external {
        delete approvedPCRSets[keccak256(abi.encodePacked(k0, k1, k2))];
    }
}
