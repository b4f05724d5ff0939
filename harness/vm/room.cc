// SPDX-License-Identifier: GPL-2.0
#include "vm/room.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "base/unique_fd.h"

namespace pinrig::vm {
namespace {

/// Console, results and what the tests leave on the drives of a default run stay well below.
constexpr std::uintmax_t room_to_start = std::uintmax_t{16} << 20;
/// More than any single write of QEMU into console or results.
constexpr std::uintmax_t room_for_a_write = std::uintmax_t{128} << 10;

constexpr const char* advice = "free some space, or point PINRIG_STATE at a larger disk";

/// 0, or the errno value with which the disk refuses a file of `bytes`.
int refusal(const fs::path& dir, std::uintmax_t bytes) {
  std::string name = (dir / ".room-XXXXXX").string();
  const UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return errno;
  ::unlink(name.c_str());
  const std::string zeros(bytes, '\0');
  std::size_t at = 0;
  while (at < zeros.size()) {
    const auto n = ::write(fd.get(), zeros.data() + at, zeros.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    at += static_cast<std::size_t>(n);
  }
  // File systems that allocate late say it here.
  return ::fsync(fd.get()) == 0 ? 0 : errno;
}

}  // namespace

Result<void> check_room(const fs::path& dir) {
  PINRIG_TRY(free, free_bytes(dir));
  if (free >= room_to_start) return {};
  return make_error(ErrorKind::disk_full,
                    fmt::format("{} free on the disk of {}: a guest needs {} for its console and results",
                                human_bytes(free), dir.string(), human_bytes(room_to_start)),
                    advice);
}

void FullDisks::saw(dev_t disk, Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  auto& last = last_[disk];
  last = std::max(last, when);
}

bool FullDisks::any_since(dev_t disk, Clock::time_point since) const {
  const std::lock_guard lock(mutex_);
  const auto it = last_.find(disk);
  return it != last_.end() && it->second >= since;
}

std::string full_disk(const fs::path& dir, bool by_writing, Clock::time_point since) {
  static FullDisks seen;
  const auto free = free_bytes(dir);
  bool full = free.has_value() && *free < room_for_a_write;
  if (!full && by_writing) {
    const int error = refusal(dir, room_for_a_write);
    full = error == ENOSPC || error == EDQUOT;
  }
  struct stat at = {};
  const bool known = ::stat(dir.c_str(), &at) == 0;
  if (full && known) seen.saw(at.st_dev, Clock::now());
  if (!full && !(known && seen.any_since(at.st_dev, since))) return {};
  return fmt::format(
      "the disk of {} {} full ({} free): the guest could not write its console and results; {}", dir.string(),
      full ? "is" : "was", free.has_value() ? human_bytes(*free) : "?", advice);
}

}  // namespace pinrig::vm
