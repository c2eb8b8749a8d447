// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/runtime/tls_options.h"

namespace bowline::runtime {

// One of the files of TlsOptions, as it was found. What was in it is wiped with it: it may be a
// key.
struct TlsFile {
  TlsFile(std::string name, std::string text);
  ~TlsFile();
  TlsFile(TlsFile&&) = default;
  TlsFile& operator=(TlsFile&&) = delete;
  TlsFile(const TlsFile&) = delete;
  TlsFile& operator=(const TlsFile&) = delete;

  std::string path;
  std::string contents;
};

struct TlsFiles {
  TlsFile certificate;
  TlsFile key;
  std::vector<TlsFile> authorities;
  std::vector<TlsFile> revocations;

  // Tells other contents from these.
  using Digest = std::array<unsigned char, 32>;
  Digest digest() const;
};

// Blocks: a few files of a few KiB.
Result<TlsFiles> read_tls_files(const TlsOptions&);

}  // namespace bowline::runtime
