// SPDX-License-Identifier: GPL-2.0
// The bytes between host and guest. Compiled into both, without exceptions in the guest.
//
// Two virtio-serial ports carry frames of the same form:
//   "pinrig.control"  both ways, JSON frames only: requests and their replies
//   "pinrig.results"  guest to host, straight into a file: output of the tests and a copy of every reply
// A frame is a 16-byte header (little endian: magic, kind, test id, payload length) and its payload.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pinrig::wire {

inline constexpr const char* control_port = "pinrig.control";
inline constexpr const char* results_port = "pinrig.results";
inline constexpr std::uint32_t magic = 0x31465250;  // "PRF1"
inline constexpr std::size_t header_size = 16;
/// A longer frame is a protocol violation.
inline constexpr std::uint32_t max_payload = 1 << 20;

enum class Kind : std::uint32_t {
  json = 1,  ///< one message of messages.h
  out = 2,   ///< bytes a test wrote to stdout
  err = 3,   ///< bytes a test wrote to stderr
};

struct Frame {
  Kind kind = Kind::json;
  std::uint32_t test_id = 0;  ///< 0: none
  std::string_view payload;   ///< points into the decoder's input
};

std::string encode(Kind kind, std::uint32_t test_id, std::string_view payload);
/// The header alone, for a writer that has the payload elsewhere.
std::string encode_header(Kind kind, std::uint32_t test_id, std::uint32_t length);

/// Cuts frames off a byte stream. After `corrupt()` it returns nothing more: there is no way to resynchronize
/// with a broken guest.
class Decoder {
 public:
  explicit Decoder(std::string_view input) : rest_(input) {}
  /// The next whole frame; nothing when the rest is only a part of one or corrupt.
  std::optional<Frame> next();
  bool corrupt() const { return corrupt_; }
  /// Unconsumed bytes: keep them and pass them again with the following ones.
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool corrupt_ = false;
};

}  // namespace pinrig::wire
