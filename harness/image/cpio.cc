// SPDX-License-Identifier: GPL-2.0
#include "image/cpio.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/hash.h"
#include "base/unique_fd.h"

namespace pinrig::image {
namespace {

// Counts up when the bytes for the same entries change.
constexpr std::string_view cpio_recipe = "cpio 1";
constexpr int alignment = 512;

using Writer = std::unique_ptr<archive, decltype(&archive_write_free)>;
using Header = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

Error archive_failed(archive* writer, const std::string& what) {
  const int number = archive_errno(writer);
  if (number == ENOSPC || number == EDQUOT) return errno_error(what, number);
  const char* text = archive_error_string(writer);
  return make_error(ErrorKind::infra, what + ": " + (text != nullptr ? text : "libarchive failed"));
}

/// Calls `take` with the file's bytes, piece by piece.
template <typename Take>
Result<void> for_each_piece(const fs::path& path, Take take) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error("opening " + path.string(), errno);
  std::array<char, 65536> piece;
  for (;;) {
    const auto n = ::read(fd.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("reading " + path.string(), errno);
    if (n == 0) return {};
    PINRIG_CHECK(take(std::string_view(piece.data(), static_cast<std::size_t>(n))));
  }
}

unsigned file_type(const Entry& entry) {
  switch (entry.type) {
    case Entry::Type::dir:
      return AE_IFDIR;
    case Entry::Type::slink:
      return AE_IFLNK;
    case Entry::Type::nod:
      return entry.device == 'b' ? AE_IFBLK : AE_IFCHR;
    case Entry::Type::file:
      break;
  }
  return AE_IFREG;
}

Result<Header> header_of(const Entry& entry, unsigned inode) {
  Header header(archive_entry_new(), &archive_entry_free);
  archive_entry_set_pathname(header.get(), entry.path.c_str() + 1);  // relative, as gen_init_cpio writes them
  archive_entry_set_filetype(header.get(), file_type(entry));
  archive_entry_set_perm(header.get(), entry.mode);
  archive_entry_set_uid(header.get(), 0);
  archive_entry_set_gid(header.get(), 0);
  archive_entry_set_mtime(header.get(), 0, 0);
  archive_entry_set_ino64(header.get(), inode);
  archive_entry_set_dev(header.get(), 0);
  // More than one link would make the kernel look for another name of the inode.
  archive_entry_set_nlink(header.get(), entry.type == Entry::Type::dir ? 2 : 1);
  archive_entry_set_size(header.get(), 0);
  if (entry.type == Entry::Type::slink) archive_entry_set_symlink(header.get(), entry.target.c_str());
  if (entry.type == Entry::Type::nod) archive_entry_set_rdev(header.get(), makedev(entry.major, entry.minor));
  if (entry.type == Entry::Type::file) {
    struct stat st = {};
    if (::stat(entry.source.c_str(), &st) != 0) return errno_error("reading " + entry.source.string(), errno);
    archive_entry_set_size(header.get(), st.st_size);
  }
  return header;
}

Result<void> write_entry(archive* writer, const Entry& entry, unsigned inode) {
  const std::string what = fmt::format("writing {} to the initramfs", entry.path);
  PINRIG_TRY(header, header_of(entry, inode));
  if (archive_write_header(writer, header.get()) != ARCHIVE_OK) return archive_failed(writer, what);
  if (entry.type != Entry::Type::file) return {};
  auto left = static_cast<std::uintmax_t>(archive_entry_size(header.get()));
  PINRIG_CHECK(for_each_piece(entry.source, [&](std::string_view piece) -> Result<void> {
    // libarchive cuts what exceeds the announced size: then the file grew and the archive would be wrong.
    const auto written = archive_write_data(writer, piece.data(), piece.size());
    if (written < 0) return archive_failed(writer, what);
    if (static_cast<std::size_t>(written) != piece.size() || piece.size() > left)
      left = UINTMAX_MAX;
    else
      left -= piece.size();
    return {};
  }));
  if (left == 0) return {};
  return make_error(ErrorKind::infra,
                    fmt::format("{}: {} changed while it was read", what, entry.source.string()),
                    "retry when nothing writes to it");
}

}  // namespace

Result<void> write_cpio(const std::vector<Entry>& entries, const fs::path& out) {
  Writer writer(archive_write_new(), &archive_write_free);
  if (archive_write_set_format_cpio_newc(writer.get()) != ARCHIVE_OK ||
      archive_write_add_filter_none(writer.get()) != ARCHIVE_OK ||
      archive_write_set_bytes_per_block(writer.get(), alignment * 128) != ARCHIVE_OK ||
      archive_write_set_bytes_in_last_block(writer.get(), alignment) != ARCHIVE_OK ||
      archive_write_open_filename(writer.get(), out.c_str()) != ARCHIVE_OK) {
    return archive_failed(writer.get(), "creating " + out.string());
  }
  unsigned inode = 0;
  for (const Entry& entry : entries) PINRIG_CHECK(write_entry(writer.get(), entry, ++inode));
  if (archive_write_close(writer.get()) != ARCHIVE_OK)
    return archive_failed(writer.get(), "writing " + out.string());
  return {};
}

Result<std::string> content_key(const std::vector<Entry>& entries) {
  Sha256 hash;
  hash.field(cpio_recipe);
  for (const Entry& entry : entries) {
    hash.field(entry.path).field(fmt::format("{} {:o}", static_cast<int>(entry.type), entry.mode));
    hash.field(entry.target).field(fmt::format("{} {} {}", entry.device, entry.major, entry.minor));
    if (entry.type != Entry::Type::file) continue;
    PINRIG_TRY(content, sha256_file(entry.source));
    hash.field(content);
  }
  return hash.hex();
}

}  // namespace pinrig::image
