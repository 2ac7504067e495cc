// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Registries of nobody in particular: f(bytes32) returns bool from slot 7, f() returns bytes32 from slot 9.
contract Generic {
    uint256[7] private _before;
    mapping(bytes32 => bool) public isApproved;
    uint256 private _between;
    bytes32 public currentImage;

    function approve(bytes32 key, bool approved) external {
        isApproved[key] = approved;
    }

    function setImage(bytes32 key) external {
        currentImage = key;
    }
}
