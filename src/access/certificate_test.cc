// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/certificate.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace perdure::access {
namespace {

using base::ErrorCode;

constexpr base::Timestamp kNow{1'790'000'000'000'000};

class CertificateTest : public ::testing::Test {
 protected:
  using Key = std::shared_ptr<EVP_PKEY>;

  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static Key make_key() {
    return {EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free};
  }

  /// Valid for an hour around kNow.
  void write_certificate(const Key& key) const {
    const std::shared_ptr<X509> made(X509_new(), X509_free);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    ASN1_TIME_set(X509_getm_notBefore(made.get()), kNow.us / 1'000'000 - 1800);
    ASN1_TIME_set(X509_getm_notAfter(made.get()), kNow.us / 1'000'000 + 1800);
    X509_set_pubkey(made.get(), key.get());
    ASSERT_GT(X509_sign(made.get(), key.get(), EVP_sha256()), 0);
    std::FILE* file = std::fopen(certificate_.c_str(), "w");
    PEM_write_X509(file, made.get());
    std::fclose(file);
  }
  void write_key(const Key& key, const char* password = nullptr) const {
    std::FILE* file = std::fopen(key_.c_str(), "w");
    PEM_write_PKCS8PrivateKey(file, key.get(), password == nullptr ? nullptr : EVP_aes_128_cbc(),
                              password, password == nullptr ? 0 : 4, nullptr, nullptr);
    std::fclose(file);
  }
  [[nodiscard]] std::string problem(base::Timestamp now = kNow) const {
    const auto checked = check_certificate(certificate_, key_, now);
    if (checked) return "";
    EXPECT_TRUE(checked.error().code == ErrorCode::kInvalidArgument ||
                checked.error().code == ErrorCode::kNotFound);
    return checked.error().message;
  }
  static void expect_about(const std::string& message, const std::string& file,
                           const std::string& why) {
    EXPECT_TRUE(message.starts_with(file)) << message;
    EXPECT_NE(message.find(why), std::string::npos) << message;
  }

  std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                  (std::string("perdure-certificate-") +
                                   ::testing::UnitTest::GetInstance()->current_test_info()->name() +
                                   std::to_string(::getpid()));
  std::string certificate_ = (folder_ / "certificate.pem").string();
  std::string key_ = (folder_ / "key.pem").string();
};

TEST_F(CertificateTest, one_with_its_key_is_good) {
  const Key key = make_key();
  write_certificate(key);
  write_key(key);
  EXPECT_EQ(problem(), "");
}

TEST_F(CertificateTest, the_key_of_another_is_refused) {
  write_certificate(make_key());
  write_key(make_key());
  expect_about(problem(), key_, "is not the key of the certificate");
}

TEST_F(CertificateTest, outside_its_time_it_is_refused) {
  const Key key = make_key();
  write_certificate(key);
  write_key(key);
  expect_about(problem(kNow + base::seconds(1801)), certificate_, "expired");
  expect_about(problem(kNow + base::seconds(-1801)), certificate_, "not valid yet");
}

TEST_F(CertificateTest, files_that_are_something_else_are_refused) {
  const Key key = make_key();
  expect_about(problem(), certificate_, "can not be read");
  write_certificate(key);
  expect_about(problem(), key_, "can not be read");
  std::ofstream(key_) << "-----BEGIN PRIVATE KEY-----\n";
  expect_about(problem(), key_, "no private key");
  write_key(key, "word");
  expect_about(problem(), key_, "with a password");
  write_key(key);
  std::ofstream(certificate_) << "";
  expect_about(problem(), certificate_, "no certificate");
}

TEST(Identity, is_the_uri_of_spiffe_else_the_first_uri_else_the_first_name) {
  using Texts = std::vector<std::string>;
  const std::string spiffe = "spiffe://example.org/shop";
  const std::string other = "https://example.org/";
  EXPECT_EQ(identity_of(Texts{other, spiffe}, Texts{"a.org"}), spiffe);
  EXPECT_EQ(identity_of(Texts{other, "urn:b"}, Texts{"a.org"}), other);
  EXPECT_EQ(identity_of(Texts{}, Texts{"a.org", "b.org"}), "a.org");
  EXPECT_EQ(identity_of(Texts{}, Texts{}), "");
  EXPECT_EQ(identity_of(nullptr), "");
}

TEST(Identity, no_name_passes_for_a_uri_and_nothing_steers_a_terminal) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(identity_of(Texts{}, Texts{"spiffe://example.org/shop"}), "");
  EXPECT_EQ(identity_of(Texts{"a.org"}, Texts{}), "");
  EXPECT_EQ(identity_of(Texts{std::string("spiffe://a/b\0c", 13), "spiffe://a/\x1b[2J"},
                        Texts{"a b", std::string("a.org\0", 6), ""}),
            "");
  EXPECT_EQ(identity_of(Texts{"spiffe://a/" + std::string(kIdentityBytesMax, 'b')}, Texts{}), "");
  EXPECT_TRUE(check_identity("spiffe://a/b").has_value());
  EXPECT_TRUE(check_identity("a.org").has_value());
  for (const char* bad : {"", "two words", "a/b", "spiffe://a b"}) {
    EXPECT_FALSE(check_identity(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace perdure::access
