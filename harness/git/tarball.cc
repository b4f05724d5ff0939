// SPDX-License-Identifier: GPL-2.0
#include "git/tarball.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include "git/git_command.h"

namespace pinrig::git {
namespace {

constexpr std::size_t kPiece = 1 << 20;
constexpr std::size_t kBlock = 256 * 1024;

/// An arbitrary path quoted for fast-import.
std::string git_path(std::string_view path) {
  std::string q = "\"";
  for (const char c : path) {
    if (c == '"' || c == '\\') q += '\\';
    if (c == '\n') {
      q += "\\n";
    } else {
      q += c;
    }
  }
  return q + "\"";
}

bool clean_path(std::string_view path) {
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part == ".git") return false;
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return true;
}

}  // namespace

struct TarballStream::Impl {
  struct FreeArchive {
    void operator()(archive* a) const { archive_read_free(a); }
  };

  fs::path path;
  std::unique_ptr<archive, FreeArchive> reader;
  std::string top;         ///< "linux-source-6.12/"
  std::uint64_t left = 0;  ///< of the file that is being read
  bool in_file = false;
  bool begun = false;
  bool ended = false;
  std::optional<Error> error;

  void fail(const std::string& why) {
    error = make_error(ErrorKind::bad_input, fmt::format("{}: {}", path.string(), why),
                       "download the tarball again and verify its checksum");
    ended = true;
  }
  void fail_archive() {
    const char* said = archive_error_string(reader.get());
    fail(fmt::format("damaged or truncated after {} bytes: {}", archive_filter_bytes(reader.get(), -1),
                     said != nullptr ? said : "no reason given"));
  }
  bool inside(std::string_view name, std::string& out);
  void header(std::string& piece);
  void content(std::string& piece);
};

/// Takes the top directory off; false with an error when there is another one, or for the directory itself.
bool TarballStream::Impl::inside(std::string_view name, std::string& out) {
  while (name.starts_with("./")) name.remove_prefix(2);
  if (name.empty()) return false;
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) {
    fail(fmt::format("'{}' is not inside a top directory: not a source tarball", name));
    return false;
  }
  const auto first = name.substr(0, slash + 1);
  if (top.empty()) top = first;
  if (first != top) {
    fail(fmt::format("has two top directories, '{}' and '{}': not a source tarball", top, first));
    return false;
  }
  name.remove_prefix(first.size());
  if (name.empty()) return false;
  if (!clean_path(name)) {
    fail(fmt::format("contains the path '{}{}', which git cannot store", top, name));
    return false;
  }
  out = name;
  return true;
}

void TarballStream::Impl::header(std::string& piece) {
  archive_entry* entry = nullptr;
  const int rc = archive_read_next_header(reader.get(), &entry);
  if (rc == ARCHIVE_EOF) {
    piece += "done\n";
    ended = true;
    return;
  }
  if (rc < ARCHIVE_WARN) return fail_archive();
  const char* name = archive_entry_pathname(entry);
  if (name == nullptr) return fail("contains a file without a name");
  if (archive_entry_filetype(entry) == AE_IFDIR) return;
  std::string path_inside;
  if (!inside(name, path_inside)) return;
  if (const char* hardlink = archive_entry_hardlink(entry); hardlink != nullptr) {
    std::string from;
    if (inside(hardlink, from)) piece += fmt::format("C {} {}\n", git_path(from), git_path(path_inside));
    return;
  }
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG: {
      const bool exec = (archive_entry_perm(entry) & 0100) != 0;
      left = static_cast<std::uint64_t>(archive_entry_size(entry));
      in_file = true;
      piece +=
          fmt::format("M {} inline {}\ndata {}\n", exec ? "100755" : "100644", git_path(path_inside), left);
      return;
    }
    case AE_IFLNK: {
      const char* symlink = archive_entry_symlink(entry);
      const std::string_view target = symlink != nullptr ? symlink : "";
      piece += fmt::format("M 120000 inline {}\ndata {}\n{}\n", git_path(path_inside), target.size(), target);
      return;
    }
    default:
      return;  // devices and FIFOs have no place in a source
  }
}

void TarballStream::Impl::content(std::string& piece) {
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left, kBlock));
  if (want > 0) {
    const auto at = piece.size();
    piece.resize(at + want);
    const auto n = archive_read_data(reader.get(), piece.data() + at, want);
    if (n <= 0) return fail_archive();
    piece.resize(at + static_cast<std::size_t>(n));
    left -= static_cast<std::uint64_t>(n);
  }
  if (left > 0) return;
  piece += '\n';
  in_file = false;
}

TarballStream::TarballStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TarballStream::TarballStream(TarballStream&&) noexcept = default;
TarballStream& TarballStream::operator=(TarballStream&&) noexcept = default;
TarballStream::~TarballStream() = default;

Result<TarballStream> TarballStream::open(const fs::path& tarball) {
  auto impl = std::make_unique<Impl>();
  impl->path = tarball;
  impl->reader.reset(archive_read_new());
  archive_read_support_filter_all(impl->reader.get());
  archive_read_support_format_tar(impl->reader.get());
  if (archive_read_open_filename(impl->reader.get(), tarball.c_str(), 1 << 20) != ARCHIVE_OK) {
    impl->fail_archive();
    return *impl->error;
  }
  return TarballStream(std::move(impl));
}

bool TarballStream::next(std::string& piece) {
  Impl& i = *impl_;
  if (i.ended) return false;
  if (!i.begun) {
    // Nothing of this machine or this day in it: the same content is the same commit everywhere.
    constexpr std::string_view kMessage = "Source as released\n";
    piece += fmt::format("feature done\ncommit refs/heads/base\nauthor {0}\ncommitter {0}\ndata {1}\n{2}",
                         kIdent, kMessage.size(), kMessage);
    i.begun = true;
  }
  while (!i.ended && piece.size() < kPiece) {
    if (i.in_file) {
      i.content(piece);
    } else {
      i.header(piece);
    }
  }
  return !i.error && !piece.empty();
}

const std::optional<Error>& TarballStream::error() const { return impl_->error; }

std::uint64_t TarballStream::bytes_read() const {
  return static_cast<std::uint64_t>(archive_filter_bytes(impl_->reader.get(), -1));
}

}  // namespace pinrig::git
