// SPDX-License-Identifier: GPL-2.0
#include "base/hash.h"

#include <fcntl.h>
#include <openssl/evp.h>

#include <cerrno>

namespace pinrig {

struct Sha256::Impl {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> ctx{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  if (EVP_DigestInit_ex(impl_->ctx.get(), EVP_sha256(), nullptr) != 1)
    throw Fatal("libcrypto has no SHA-256");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::bytes(std::string_view data) {
  EVP_DigestUpdate(impl_->ctx.get(), data.data(), data.size());
  return *this;
}

Sha256& Sha256::field(std::string_view data) {
  bytes(std::to_string(data.size()));
  bytes(":");
  return bytes(data);
}

std::string Sha256::hex() {
  unsigned char md[EVP_MAX_MD_SIZE];
  unsigned int len = 0;
  EVP_DigestFinal_ex(impl_->ctx.get(), md, &len);
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * len);
  for (unsigned int i = 0; i < len; ++i) {
    out += digits[md[i] >> 4];
    out += digits[md[i] & 15];
  }
  return out;
}

std::string sha256_hex(std::string_view data) { return Sha256().bytes(data).hex(); }

Result<std::string> sha256_file(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error("opening " + path.string(), errno);
  Sha256 sha;
  std::string buf(1 << 18, '\0');
  for (;;) {
    const auto n = ::read(fd.get(), buf.data(), buf.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("reading " + path.string(), errno);
    if (n == 0) return sha.hex();
    sha.bytes({buf.data(), static_cast<std::size_t>(n)});
  }
}

}  // namespace pinrig
