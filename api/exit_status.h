// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The exit status of every program of ours, declared once: the command line tool and the examples
// end with these, and docs/reference/exit-codes.md lists them. The numbers are stable: scripts
// depend on them. Values; pure.
#pragma once

#include "perdure/result.h"

namespace perdure {

inline constexpr int kExitOk = 0;
/// It was done, and the answer is "no": a difference, a run that failed.
inline constexpr int kExitFailed = 1;
/// The command line or an input is malformed.
inline constexpr int kExitUsage = 2;
/// A bug in the program.
inline constexpr int kExitInternal = 70;
/// The store could not go on; starting again recovers.
inline constexpr int kExitStoreLost = 75;
/// Ctrl-C; the same command goes on.
inline constexpr int kExitInterrupted = 130;

constexpr int exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kPayloadTooLarge: return kExitUsage;
    case ErrorCode::kNotFound: return 3;
    case ErrorCode::kAlreadyExists: return 4;
    case ErrorCode::kFailedPrecondition:
    case ErrorCode::kOperationFailed: return 5;
    case ErrorCode::kStoreLocked: return 6;
    case ErrorCode::kStoreForeign: return 7;
    case ErrorCode::kStoreCorrupt: return 8;
    case ErrorCode::kStorageFull: return 9;
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kFenced: return 10;
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied: return 11;
    case ErrorCode::kUnimplemented: return 12;
    case ErrorCode::kInternal: break;
  }
  return kExitInternal;
}

}  // namespace perdure
