// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Certificates: whether those of the server can serve TLS, told before anybody connects (what the
// handshake would only say is that it failed); and whom the certificate of a client is for. Reads
// files, or is pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

struct x509_st;

namespace perdure::access {

inline constexpr std::size_t kIdentityBytesMax = 2048;

/// PEM both; the certificate first in its file, the rest of its chain behind it. kNotFound: a file
/// that can not be read. kInvalidArgument: what is in it is no such thing, the two do not belong
/// together, or the certificate is not valid at `now`. The message names the file.
base::Result<> check_certificate(const std::string& certificate_file, const std::string& key_file,
                                 base::Timestamp now);

/// That there is at least one certificate in the file, of who signs those of clients. Errors as
/// above.
base::Result<> check_authorities(const std::string& file);

/// Whom a certificate is for, of the names in it (subjectAltName): the first URI of SPIFFE, else
/// the first URI, else the first name of DNS; "": nobody. A URI has a colon and a name of DNS can
/// have none, so one can not pass for the other.
std::string identity_of(std::span<const std::string> uris, std::span<const std::string> dns_names);
/// The same; nullptr: there is no certificate. Whether somebody vouches for it is not asked here.
std::string identity_of(const x509_st* certificate);

/// kInvalidArgument: no certificate is for that.
base::Result<> check_identity(std::string_view identity);

}  // namespace perdure::access
