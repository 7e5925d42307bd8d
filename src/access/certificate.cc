// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/certificate.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <string_view>
#include <vector>

#include "access/files.h"

namespace perdure::access {
namespace {

using base::ErrorCode;
using base::Result;

struct Free {
  void operator()(BIO* thing) const { BIO_free(thing); }
  void operator()(X509* thing) const { X509_free(thing); }
  void operator()(EVP_PKEY* thing) const { EVP_PKEY_free(thing); }
  void operator()(GENERAL_NAMES* things) const { GENERAL_NAMES_free(things); }
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

bool is_uri(std::string_view text) {
  return text.size() <= kIdentityBytesMax && text.find(':') != std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_dns_name(std::string_view text) {
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*";
  return !text.empty() && text.size() <= kIdentityBytesMax &&
         text.find_first_not_of(kLetters) == std::string_view::npos;
}

std::string text_of(const ASN1_IA5STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

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

Result<> check_authorities(const std::string& file) {
  PERDURE_ASSIGN_OR_RETURN(const std::string text, read_access_file(file));
  const Owned<X509> certificate(
      PEM_read_bio_X509(memory_of(text).get(), nullptr, no_password, nullptr));
  if (!certificate) return refused(file, "holds no certificate in PEM");
  return {};
}

std::string identity_of(std::span<const std::string> uris, std::span<const std::string> dns_names) {
  const auto spiffe = std::ranges::find_if(
      uris, [](const std::string& uri) { return uri.starts_with("spiffe://") && is_uri(uri); });
  if (spiffe != uris.end()) return *spiffe;
  if (const auto uri = std::ranges::find_if(uris, is_uri); uri != uris.end()) return *uri;
  const auto name = std::ranges::find_if(dns_names, is_dns_name);
  return name != dns_names.end() ? *name : std::string();
}

std::string identity_of(const x509_st* certificate) {
  if (certificate == nullptr) return {};
  const Owned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> uris;
  std::vector<std::string> dns_names;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) uris.push_back(text_of(name->d.uniformResourceIdentifier));
    if (name->type == GEN_DNS) dns_names.push_back(text_of(name->d.dNSName));
  }
  ERR_clear_error();
  return identity_of(uris, dns_names);
}

Result<> check_identity(std::string_view identity) {
  if (is_uri(identity) || is_dns_name(identity)) return {};
  return base::fail(ErrorCode::kInvalidArgument,
                    fmt::format("an identity is what the certificate of a client is for, of at "
                                "most {} bytes: a URI such as spiffe://example.org/shop, or a "
                                "name of DNS",
                                kIdentityBytesMax));
}

}  // namespace perdure::access
