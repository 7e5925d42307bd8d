// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <string>
#include <utility>

namespace perdure::access {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kEd25519Bytes = 32;
constexpr std::size_t kEd25519SignatureBytes = 64;
constexpr std::size_t kP256Bytes = 32;
constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;
constexpr int kExponentBitsMax = 64;

template <class T, void (*free)(T*)>
struct Free {
  void operator()(T* thing) const { free(thing); }
};
using BigNumber = std::unique_ptr<BIGNUM, Free<BIGNUM, BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM, OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG, ECDSA_SIG_free>>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

BigNumber number(std::string_view text) {
  return BigNumber(BN_bin2bn(bytes(text), static_cast<int>(text.size()), nullptr));
}

/// What OpenSSL says of a failure stays in a queue of the thread; nobody here reads it.
template <class T>
T forget_errors(T value) {
  ERR_clear_error();
  return value;
}

std::shared_ptr<EVP_PKEY> owned(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

/// nullptr: no such key. Points that are not on the curve are refused.
std::shared_ptr<EVP_PKEY> from_parameters(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext maker(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (!parameters || !maker || EVP_PKEY_fromdata_init(maker.get()) != 1 ||
      EVP_PKEY_fromdata(maker.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return forget_errors(nullptr);
  }
  auto key = owned(made);
  const KeyContext checker(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!checker || EVP_PKEY_public_check(checker.get()) != 1) return forget_errors(nullptr);
  return key;
}

/// The two numbers side by side, as the sequence that OpenSSL wants; empty: not two numbers.
std::string der_of(std::string_view signature) {
  if (signature.size() != 2 * kP256Bytes) return "";
  BigNumber r = number(signature.substr(0, kP256Bytes));
  BigNumber s = number(signature.substr(kP256Bytes));
  const Signature pair(ECDSA_SIG_new());
  if (!r || !s || !pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return "";
  static_cast<void>(r.release());  // the pair's, from now on
  static_cast<void>(s.release());
  unsigned char* encoded = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &encoded);
  if (size <= 0) return "";
  std::string der(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(size));
  OPENSSL_free(encoded);
  return der;
}

}  // namespace

std::string_view algorithm_name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEdDsa: return "EdDSA";
    case Algorithm::kEs256: return "ES256";
    case Algorithm::kRs256: return "RS256";
  }
  return "unknown";
}

std::optional<Algorithm> algorithm_from_name(std::string_view name) {
  for (const Algorithm one : {Algorithm::kEdDsa, Algorithm::kEs256, Algorithm::kRs256}) {
    if (name == algorithm_name(one)) return one;
  }
  return std::nullopt;
}

Result<PublicKey> PublicKey::ed25519(std::string_view x) {
  auto key = x.size() == kEd25519Bytes
                 ? owned(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(x), x.size()))
                 : nullptr;
  if (key == nullptr) {
    return forget_errors(fail(ErrorCode::kInvalidArgument, "no public key of Ed25519"));
  }
  return PublicKey(Algorithm::kEdDsa, std::move(key));
}

Result<PublicKey> PublicKey::p256(std::string_view x, std::string_view y) {
  const std::string point = "\x04" + std::string(x) + std::string(y);
  const Builder builder(OSSL_PARAM_BLD_new());
  std::shared_ptr<EVP_PKEY> key;
  if (x.size() == kP256Bytes && y.size() == kP256Bytes && builder &&
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) == 1) {
    key = from_parameters("EC", builder.get());
  }
  if (key == nullptr) return fail(ErrorCode::kInvalidArgument, "no public key of P-256");
  return PublicKey(Algorithm::kEs256, std::move(key));
}

Result<PublicKey> PublicKey::rsa(std::string_view modulus, std::string_view exponent) {
  std::shared_ptr<EVP_PKEY> key;
  if (modulus.size() * 8 <= static_cast<std::size_t>(kRsaBitsMax) + 8 &&
      exponent.size() * 8 <= static_cast<std::size_t>(kExponentBitsMax)) {
    const BigNumber n = number(modulus);
    const BigNumber e = number(exponent);
    const Builder builder(OSSL_PARAM_BLD_new());
    const bool sized = n && e && BN_num_bits(n.get()) >= kRsaBitsMin &&
                       BN_num_bits(n.get()) <= kRsaBitsMax && BN_is_odd(n.get()) == 1 &&
                       BN_is_odd(e.get()) == 1 && BN_is_one(e.get()) == 0;
    if (sized && builder &&
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1) {
      key = from_parameters("RSA", builder.get());
    }
  }
  if (key == nullptr) {
    return fail(ErrorCode::kInvalidArgument, "no public key of RSA with 2048 to 8192 bits");
  }
  return PublicKey(Algorithm::kRs256, std::move(key));
}

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
  std::string der;
  if (algorithm_ == Algorithm::kEs256) {
    der = der_of(signature);
    if (der.empty()) return false;
    signature = der;
  }
  if (algorithm_ == Algorithm::kEdDsa && signature.size() != kEd25519SignatureBytes) return false;
  const EVP_MD* digest = algorithm_ == Algorithm::kEdDsa ? nullptr : EVP_sha256();
  const DigestContext context(EVP_MD_CTX_new());
  return forget_errors(
      context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message),
                       message.size()) == 1);
}

}  // namespace perdure::access
