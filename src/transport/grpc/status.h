// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Errors of api/errors.def as statuses of gRPC, and back. Where several errors share a status code,
// all but the first declared carry their name in the status's details, as google.rpc.ErrorInfo: a
// client of ours gets exactly the error that the server had, and any other one a valid status.
//
// Pure; thread-safe.
#pragma once

#include <grpcpp/support/status.h>

#include <cstddef>

#include "base/result.h"

namespace perdure::transport {

/// The message travels in a header, whose size gRPC bounds: it is cut behind so many bytes.
inline constexpr std::size_t kStatusMessageBytesMax = 2000;

::grpc::StatusCode status_code(base::ErrorCode code);
::grpc::Status to_status(const base::Error& error);

/// REQUIRES: the status is not OK. A code that no error of ours has becomes the nearest one.
base::Error to_error(const ::grpc::Status& status);

}  // namespace perdure::transport
