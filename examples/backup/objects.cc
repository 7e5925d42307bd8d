// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See objects.h. One pass over the source: it is hashed and compressed while it is read.
#include "backup/objects.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <zstd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

namespace backup {
namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) {
      throw std::runtime_error("libcrypto offers no SHA-256");
    }
  }

  void add(std::string_view bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) {
      throw std::runtime_error("SHA-256 failed");
    }
  }

  std::string finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest = {};
    unsigned length = 0;
    if (EVP_DigestFinal_ex(context_.get(), digest.data(), &length) != 1) {
      throw std::runtime_error("SHA-256 failed");
    }
    std::string text;
    for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

std::size_t checked(std::size_t outcome) {
  if (ZSTD_isError(outcome)) throw std::runtime_error(ZSTD_getErrorName(outcome));
  return outcome;
}

/// Compresses into a file, piece by piece.
class Compressor {
 public:
  explicit Compressor(File& to)
      : to_(to), context_(ZSTD_createCCtx()), out_(ZSTD_CStreamOutSize()) {
    if (!context_) throw std::bad_alloc();
    // With its own checksum: a damaged object is noticed while it is read.
    checked(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1));
  }

  void add(std::string_view bytes) { feed(bytes, ZSTD_e_continue); }
  void finish() { feed({}, ZSTD_e_end); }

 private:
  void feed(std::string_view bytes, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer out = {out_.data(), out_.size(), 0};
      const std::size_t left = checked(ZSTD_compressStream2(context_.get(), &out, &in, directive));
      to_.write({out_.data(), out.pos});
      const bool done = directive == ZSTD_e_end ? left == 0 : in.pos == in.size;
      if (done) return;
    }
  }

  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  File& to_;
  std::unique_ptr<ZSTD_CCtx, Free> context_;
  std::vector<char> out_;
};

Path object_path(const Path& target, const std::string& hash) {
  return target / "objects" / hash.substr(0, 2) / hash.substr(2);
}

std::size_t read_source(File& source, std::span<char> buffer) {
  try {
    return source.read(buffer);
  } catch (const std::system_error& error) {
    throw SourceError(error.code(), "reading");
  }
}

/// Gives a complete scratch file the name of its object.
std::uint64_t keep(File& scratch, const Path& object) {
  scratch.sync();
  std::error_code ignored;
  if (std::filesystem::create_directory(object.parent_path(), ignored)) {
    sync_folder(object.parent_path().parent_path());
  }
  if (std::rename(scratch.path().c_str(), object.c_str()) != 0) {
    throw file_error("renaming to", object);
  }
  return static_cast<std::uint64_t>(scratch.status().st_size);
}

}  // namespace

std::string hash_of(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.finish();
}

StoredObject store_object(File& source, const Path& target, const Path& scratch) {
  Sha256 hash;
  File fresh = File::create(scratch);
  Compressor compressor(fresh);
  StoredObject result;
  std::vector<char> buffer(ZSTD_CStreamInSize());
  while (const std::size_t count = read_source(source, buffer)) {
    hash.add({buffer.data(), count});
    compressor.add({buffer.data(), count});
    result.size += count;
  }
  compressor.finish();
  result.hash = hash.finish();

  const Path object = object_path(target, result.hash);
  std::error_code missing;
  const std::uintmax_t existing = std::filesystem::file_size(object, missing);
  if (missing) {
    result.stored = keep(fresh, object);
  } else {
    result.stored = existing;
    std::filesystem::remove(scratch);
  }
  // Also for an object that was there: the process that renamed it may have died before its sync.
  sync_folder(object.parent_path());
  return result;
}

void restore_object(const Path& target, const std::string& hash, const Path& path) {
  const Path object = object_path(target, hash);
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  if (!context) throw std::bad_alloc();
  File from = File::open_to_read(object);
  File to = File::create(path);
  Sha256 found;
  std::vector<char> packed(ZSTD_DStreamInSize());
  std::vector<char> plain(ZSTD_DStreamOutSize());
  std::size_t expected = 1;  // 0 at the end of a frame
  while (const std::size_t count = from.read(packed)) {
    ZSTD_inBuffer in = {packed.data(), count, 0};
    while (in.pos < in.size) {
      ZSTD_outBuffer out = {plain.data(), plain.size(), 0};
      expected = checked(ZSTD_decompressStream(context.get(), &out, &in));
      found.add({plain.data(), out.pos});
      to.write({plain.data(), out.pos});
    }
  }
  if (expected != 0) throw std::runtime_error("the object is cut off");
  if (found.finish() != hash) throw std::runtime_error("the object's content has another hash");
}

}  // namespace backup
