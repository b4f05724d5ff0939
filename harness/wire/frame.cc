// SPDX-License-Identifier: GPL-2.0
#include "wire/frame.h"

namespace pinrig::wire {
namespace {

void put32(std::string& out, std::uint32_t v) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((v >> shift) & 0xff);
}

std::uint32_t get32(std::string_view in, std::size_t at) {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < 4; ++i) v |= std::uint32_t{static_cast<unsigned char>(in[at + i])} << (8 * i);
  return v;
}

}  // namespace

std::string encode_header(Kind kind, std::uint32_t test_id, std::uint32_t length) {
  std::string out;
  out.reserve(header_size + length);
  put32(out, magic);
  put32(out, static_cast<std::uint32_t>(kind));
  put32(out, test_id);
  put32(out, length);
  return out;
}

std::string encode(Kind kind, std::uint32_t test_id, std::string_view payload) {
  std::string out = encode_header(kind, test_id, static_cast<std::uint32_t>(payload.size()));
  out += payload;
  return out;
}

std::optional<Frame> Decoder::next() {
  if (corrupt_ || rest_.size() < header_size) return std::nullopt;
  const std::uint32_t kind = get32(rest_, 4);
  const std::uint32_t length = get32(rest_, 12);
  if (get32(rest_, 0) != magic || kind < 1 || kind > 3 || length > max_payload) {
    corrupt_ = true;
    return std::nullopt;
  }
  if (rest_.size() < header_size + length) return std::nullopt;
  Frame f{static_cast<Kind>(kind), get32(rest_, 8), rest_.substr(header_size, length)};
  rest_.remove_prefix(header_size + length);
  return f;
}

}  // namespace pinrig::wire
