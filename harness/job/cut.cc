// SPDX-License-Identifier: GPL-2.0
#include "job/cut.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "wire/cut.h"
#include "wire/frame.h"

namespace pinrig::job {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20;

/// A file that is to be cut, open for both directions; not open when it is short enough.
struct Long {
  UniqueFd fd;
  std::uintmax_t size = 0;
};

Result<Long> open_long(const fs::path& file, std::uintmax_t most) {
  Long out;
  std::error_code ec;
  out.size = fs::is_regular_file(file, ec) ? fs::file_size(file, ec) : 0;
  if (ec || out.size <= most) return out;
  out.fd = UniqueFd(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!out.fd) return errno_error("opening " + file.string(), errno);
  return out;
}

Result<std::string> bytes_at(const Long& from, std::uintmax_t at, std::size_t count, const fs::path& file) {
  std::string out(count, '\0');
  std::size_t got = 0;
  while (got < count) {
    const auto n = ::pread(from.fd.get(), out.data() + got, count - got, static_cast<off_t>(at + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("reading " + file.string(), errno);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  out.resize(got);
  return out;
}

/// Calls `take` with the bytes of [begin, end) in pieces, until it returns false.
template <typename Take>
Result<void> in_pieces(const Long& from, std::uintmax_t begin, std::uintmax_t end, const fs::path& file,
                       Take take) {
  while (begin < end) {
    const auto count = static_cast<std::size_t>(std::min<std::uintmax_t>(end - begin, piece_bytes));
    PINRIG_TRY(piece, bytes_at(from, begin, count, file));
    if (piece.empty() || !take(piece)) return {};
    begin += piece.size();
  }
  return {};
}

/// In place: a disk may be full, and a guest may have filled it.
Result<void> replace_middle(const Long& in, std::uintmax_t head, std::uintmax_t tail, const std::string& mark,
                            const fs::path& file) {
  PINRIG_TRY(rest, bytes_at(in, tail, static_cast<std::size_t>(in.size - tail), file));
  if (::lseek(in.fd.get(), static_cast<off_t>(head), SEEK_SET) < 0)
    return errno_error("seeking in " + file.string(), errno);
  PINRIG_CHECK(write_all(in.fd.get(), mark + rest, file));
  const off_t size = static_cast<off_t>(head + mark.size() + rest.size());
  if (::ftruncate(in.fd.get(), size) != 0) return errno_error("truncating " + file.string(), errno);
  return {};
}

/// Behind the line end next to `at`; `at` itself when the next piece has none.
Result<std::uintmax_t> line_begin(const Long& in, std::uintmax_t at, const fs::path& file) {
  PINRIG_TRY(piece, bytes_at(in, at, piece_bytes, file));
  const auto end = piece.find('\n');
  return end == std::string::npos ? at : at + end + 1;
}

/// Where the frames begin between which the middle is cut out. The second is `tail` itself behind damage.
struct Frames {
  std::uintmax_t head = 0;
  std::uintmax_t tail = 0;
};

Result<Frames> frames_around(const Long& in, std::uintmax_t head, std::uintmax_t tail, const fs::path& file) {
  Frames out{0, tail};
  std::uintmax_t at = 0;  // of the first byte of `rest`
  std::string rest;
  PINRIG_CHECK(in_pieces(in, 0, in.size, file, [&](const std::string& piece) {
    rest += piece;
    wire::Decoder decoder(rest);
    while (decoder.next()) {
      const auto begin = at + (rest.size() - decoder.rest().size());
      if (begin <= head) out.head = begin;
      if (begin < tail) continue;
      out.tail = begin;
      return false;
    }
    at += rest.size() - decoder.rest().size();
    rest.erase(0, rest.size() - decoder.rest().size());
    return !decoder.corrupt();
  }));
  return out;
}

}  // namespace

Result<void> cut_text(const fs::path& file, std::uintmax_t most) {
  PINRIG_TRY(in, open_long(file, most));
  if (!in.fd) return {};
  PINRIG_TRY(head, line_begin(in, most / 2, file));
  PINRIG_TRY(tail, line_begin(in, in.size - most / 2, file));
  if (tail <= head) return {};
  std::uintmax_t before = 0;
  std::uintmax_t gone = 0;
  const auto count = [](std::uintmax_t& lines) {
    return [&lines](const std::string& piece) {
      lines += static_cast<std::uintmax_t>(std::count(piece.begin(), piece.end(), '\n'));
      return true;
    };
  };
  PINRIG_CHECK(in_pieces(in, 0, head, file, count(before)));
  PINRIG_CHECK(in_pieces(in, head, tail, file, count(gone)));
  const std::string mark =
      gone == 0 ? fmt::format("\n[pinrig: {} bytes cut out here, of line {}]\n", tail - head, before + 1)
                : fmt::format("[pinrig: {} bytes cut out here, lines {} to {}]\n", tail - head, before + 1,
                              before + gone);
  return replace_middle(in, head, tail, mark, file);
}

Result<void> cut_results(const fs::path& file, std::uintmax_t most) {
  PINRIG_TRY(in, open_long(file, most));
  if (!in.fd) return {};
  PINRIG_TRY(frames, frames_around(in, most / 2, in.size - most / 2, file));
  if (frames.tail <= frames.head) return {};
  wire::Cut cut;
  cut.bytes = frames.tail - frames.head;
  const auto mark = wire::encode(wire::Kind::json, 0, nlohmann::json(cut).dump());
  return replace_middle(in, frames.head, frames.tail, mark, file);
}

Result<void> cut_files(const vm::GuestFiles& files, const KeptBytes& kept) {
  PINRIG_CHECK(cut_text(files.console(), kept.console));
  PINRIG_CHECK(cut_text(files.dir / "qemu.log", kept.console));
  return cut_results(files.results(), kept.results);
}

}  // namespace pinrig::job
