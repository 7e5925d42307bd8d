// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/certificate.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>
#include <string_view>

#include "access/files.h"

namespace perdure::access {
namespace {

using base::ErrorCode;
using base::Result;

struct Free {
  void operator()(BIO* thing) const { BIO_free(thing); }
  void operator()(X509* thing) const { X509_free(thing); }
  void operator()(EVP_PKEY* thing) const { EVP_PKEY_free(thing); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::unexpected<base::Error> refused(const std::string& file, std::string_view why) {
  ERR_clear_error();
  return base::fail(ErrorCode::kInvalidArgument, fmt::format("{} {}", file, why));
}

Owned<BIO> memory_of(const std::string& text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// An encrypted key would ask on the terminal; here nobody answers.
int no_password(char*, int, int, void*) { return -1; }

}  // namespace

Result<> check_certificate(const std::string& certificate_file, const std::string& key_file,
                           base::Timestamp now) {
  PERDURE_ASSIGN_OR_RETURN(const std::string certificate_text, read_access_file(certificate_file));
  PERDURE_ASSIGN_OR_RETURN(const std::string key_text, read_access_file(key_file));
  const Owned<X509> certificate(
      PEM_read_bio_X509(memory_of(certificate_text).get(), nullptr, no_password, nullptr));
  if (!certificate) return refused(certificate_file, "holds no certificate in PEM");
  const Owned<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(memory_of(key_text).get(), nullptr, no_password, nullptr));
  if (!key) return refused(key_file, "holds no private key in PEM, or one with a password");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return refused(key_file, "is not the key of the certificate " + certificate_file);
  }
  std::time_t seconds = now.us / 1'000'000;
  if (X509_cmp_time(X509_get0_notAfter(certificate.get()), &seconds) <= 0) {
    return refused(certificate_file, "has expired");
  }
  if (X509_cmp_time(X509_get0_notBefore(certificate.get()), &seconds) > 0) {
    return refused(certificate_file, "is not valid yet");
  }
  return {};
}

}  // namespace perdure::access
