// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/environment.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "image/guest_image.h"
#include "image/publish.h"
#include "process/process.h"

namespace pinrig::image {
namespace {

struct Maker {
  std::string fs_type;
  std::string package;  ///< where the program comes from
  int least_mib;
  std::vector<std::string> argv;  ///< without the image
};

// Identifiers and times are fixed so that a run can be repeated byte by byte. ext4: the inode tables are
// initialized now, because otherwise a kernel thread of the guest (ext4lazyinit) would do it during the
// tests.
const std::vector<Maker>& makers() {
  static const std::vector<Maker> all = {
      {"ext4",
       "e2fsprogs",
       8,
       {"mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-U", "70696e72-6967-4078-8000-000000000001", "-E",
        "hash_seed=70696e72-6967-4078-8000-000000000002,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:"
        "0,"
        "nodiscard"}},
      {"vfat", "dosfstools", 40, {"mkfs.vfat", "-F", "32", "--invariant"}},
  };
  return all;
}

// The tools of file systems lie in sbin, which is not in the PATH of plain users on Debian: the sbin next to
// each bin of PATH is also searched.
std::string program_path(const std::string& name) {
  if (const fs::path found = process::find_program(name); !found.empty()) return found.string();
  for (const std::string& folder : split(environment("PATH").value_or(""), ':')) {
    const fs::path candidate = fs::path(folder).parent_path() / "sbin" / name;
    if (fs::path(folder).filename() == "bin" && ::access(candidate.c_str(), X_OK) == 0)
      return candidate.string();
  }
  return name;
}

Result<void> make_sparse(const fs::path& path, int size_mib) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd) return errno_error("creating " + path.string(), errno);
  if (::ftruncate(fd.get(), off_t{size_mib} << 20) != 0)
    return errno_error("enlarging " + path.string(), errno);
  return {};
}

Result<void> make_file_system(const Maker& maker, int size_mib, const fs::path& partial,
                              const CancelToken& cancel) {
  PINRIG_CHECK(make_sparse(partial, size_mib));
  process::Command command;
  command.argv = maker.argv;
  command.argv[0] = program_path(maker.argv[0]);
  command.argv.push_back(partial.string());
  command.env = {{"E2FSPROGS_FAKE_TIME", "1"}, {"SOURCE_DATE_EPOCH", "1"}, {"LC_ALL", "C"}};
  auto run = process::run_ok(command, cancel);
  if (!run.has_error()) return {};
  Error e = std::move(run).error();
  if (e.kind == ErrorKind::missing_tool) e.hint = "apt-get install " + maker.package;
  if (e.message.find("No space left on device") != std::string::npos) e.kind = ErrorKind::disk_full;
  return e;
}

}  // namespace

Result<fs::path> filesystem_image(const std::string& fs_type, int size_mib, const WorkContext& ctx) {
  const Maker* maker = nullptr;
  std::vector<std::string> known;
  for (const Maker& m : makers()) {
    if (m.fs_type == fs_type) maker = &m;
    known.push_back(m.fs_type);
  }
  if (maker == nullptr) {
    return make_error(ErrorKind::bad_input,
                      fmt::format("cannot make a \"{}\" file system on the host", fs_type),
                      "known: " + join(known, ", "));
  }
  if (size_mib < maker->least_mib) {
    return make_error(ErrorKind::bad_input, fmt::format("{} MiB is too small for {}: it needs {} MiB",
                                                        size_mib, fs_type, maker->least_mib));
  }
  const std::string key = sha256_hex(join(maker->argv, "\n")).substr(0, 16);
  const fs::path out = ctx.cache / "images" / fmt::format("{}-{}MiB-{}.img", fs_type, size_mib, key);
  const CancelToken& cancel = ctx.token();
  auto made = publish_once(
      out, ctx, [&](const fs::path& partial) { return make_file_system(*maker, size_mib, partial, cancel); });
  if (made.has_error())
    return std::move(made).error().with_context(fmt::format("making the {} image", fs_type));
  return out;
}

}  // namespace pinrig::image
