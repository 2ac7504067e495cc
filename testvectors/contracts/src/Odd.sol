// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Gives one odd answer to every call. Which one is part of the code, so that it is odd behind a Proxy too.
contract Odd {
    enum Answer {
        True,
        Two,
        AllOnes,
        HighBit,
        Short,
        Long,
        Empty,
        Huge,
        Reason,
        NoReason,
        Panic,
        OutOfGas,
        Invalid
    }

    Answer private immutable answer;

    constructor(Answer answer_) {
        answer = answer_;
    }

    fallback() external {
        Answer wanted = answer;
        if (wanted == Answer.Reason) revert("no such thing");
        if (wanted == Answer.NoReason) revert();
        if (wanted == Answer.Panic) dividedBy(uint256(answer) - uint256(Answer.Panic));
        if (wanted == Answer.OutOfGas) spend();
        assembly {
            if eq(wanted, 12) { invalid() }
            mstore(0, 1)
            switch wanted
            case 1 { mstore(0, 2) }
            case 2 { mstore(0, not(0)) }
            case 3 { mstore(0, or(1, shl(255, 1))) }
            let size := 32
            switch wanted
            case 4 { size := 31 }
            case 5 { mstore(32, 0) size := 64 }
            case 6 { size := 0 }
            case 7 { mstore(64, 0) size := 1048576 }
            return(0, size)
        }
    }

    function dividedBy(uint256 number) private pure returns (uint256) {
        return 1 / number;
    }

    /// A loop would take a node seconds: memory of this size costs more gas than any block has.
    function spend() private pure {
        assembly {
            mstore(0x100000000, 1)
        }
    }
}
