// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/digests.h"

#include <openssl/evp.h>

#include "bowline/base/ensure.h"

namespace bowline::etcd {

std::array<std::uint8_t, 20> sha1(std::string_view bytes) {
  std::array<std::uint8_t, 20> sum{};
  unsigned int size = 0;
  ensure(EVP_Digest(bytes.data(), bytes.size(), sum.data(), &size, EVP_sha1(), nullptr) == 1);
  ensure(size == sum.size());
  return sum;
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  ensure(state_->context != nullptr);
  ensure(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() { EVP_MD_CTX_free(state_->context); }

void Sha256::add(std::string_view part) {
  ensure(EVP_DigestUpdate(state_->context, part.data(), part.size()) == 1);
}

std::string Sha256::sum() {
  std::string sum(bytes, '\0');
  unsigned int size = 0;
  ensure(EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(sum.data()), &size) ==
         1);
  ensure(size == bytes);
  return sum;
}

}  // namespace bowline::etcd
