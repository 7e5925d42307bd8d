// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Whether a certificate and a private key can serve TLS, told before anybody connects: what does
// the handshake later only says that it failed. Reads two files; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace perdure::access {

/// PEM both; the certificate first in its file, the rest of its chain behind it. kNotFound: a file
/// that can not be read. kInvalidArgument: what is in it is no such thing, the two do not belong
/// together, or the certificate is not valid at `now`. The message names the file.
base::Result<> check_certificate(const std::string& certificate_file, const std::string& key_file,
                                 base::Timestamp now);

}  // namespace perdure::access
