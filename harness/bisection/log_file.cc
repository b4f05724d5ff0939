// SPDX-License-Identifier: GPL-2.0
#include "bisection/log_file.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <random>
#include <vector>

namespace pinrig::bisection {
namespace {

constexpr const char* file_name = "bisect.log";

std::string new_id() {
  std::random_device random;
  return fmt::format("{:%Y%m%d-%H%M%S}-{:04x}", fmt::gmtime(std::time(nullptr)), random() & 0xffff);
}

Result<UniqueFd> open_for_append(const fs::path& file) {
  UniqueFd fd(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return errno_error(file.string(), errno);
  return fd;
}

Result<FileLock> hold(const fs::path& dir) {
  PINRIG_TRY(lock, FileLock::try_acquire(dir / "alive.lock"));
  if (lock) return lock;
  return make_error(ErrorKind::bad_usage, fmt::format("{} is in use by {}", dir.string(),
                                                      to_string(lock_holder(dir / "alive.lock"))));
}

}  // namespace

Result<LogFile> LogFile::create(const fs::path& state, const bisect::Log& log) {
  PINRIG_TRY(dir, claim_dir(state / "bisections", new_id));
  PINRIG_TRY(lock, hold(dir));
  PINRIG_CHECK(write_file_atomic(dir / file_name, bisect::header_text(log)));
  PINRIG_TRY(fd, open_for_append(dir / file_name));
  return LogFile(dir / file_name, std::move(fd), std::move(lock));
}

Result<LogFile> LogFile::reopen(const fs::path& file) {
  PINRIG_TRY(lock, hold(file.parent_path()));
  PINRIG_TRY(text, read_file(file));
  const auto end = text.rfind('\n');
  std::error_code ec;
  fs::resize_file(file, end == std::string::npos ? 0 : end + 1, ec);
  if (ec) return errno_error(file.string(), ec.value());
  PINRIG_TRY(fd, open_for_append(file));
  return LogFile(file, std::move(fd), std::move(lock));
}

Result<void> LogFile::append(const std::string& line) {
  PINRIG_CHECK(write_all(fd_.get(), line, path_));
  if (::fsync(fd_.get()) != 0) return errno_error(path_.string(), errno);
  return {};
}

Result<fs::path> find_log(const fs::path& state, const std::string& word) {
  std::error_code ec;
  if (fs::is_regular_file(word, ec)) return fs::path(word);
  std::vector<std::string> ids;
  for (const auto& entry : fs::directory_iterator(state / "bisections", ec)) {
    if (fs::exists(entry.path() / file_name, ec)) ids.push_back(entry.path().filename().string());
  }
  std::sort(ids.begin(), ids.end());
  if (word == "last" && !ids.empty()) return state / "bisections" / ids.back() / file_name;
  if (std::find(ids.begin(), ids.end(), word) != ids.end()) return state / "bisections" / word / file_name;
  if (word == "last") return make_error(ErrorKind::bad_usage, "no bisection yet", "start one with --series");
  return make_error(ErrorKind::bad_usage, fmt::format("no bisection '{}'", word),
                    ids.empty()
                        ? "there is none yet"
                        : fmt::format("a path of a bisect.log, or an id; the last one is {}", ids.back()));
}

Result<bisect::Log> read_log(const fs::path& file) {
  PINRIG_TRY(text, read_file(file));
  return bisect::parse_log(text, file.string());
}

std::string log_time() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

}  // namespace pinrig::bisection
