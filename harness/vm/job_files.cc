// SPDX-License-Identifier: GPL-2.0
#include "vm/job_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/environment.h"

namespace pinrig::vm {
namespace {

/// Room for "pinrig-XXXXXX/control" below sun_path's 108 bytes.
constexpr std::size_t longest_parent = 80;

Result<void> make_sparse(const fs::path& path, int size_mib) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return errno_error("creating " + path.string(), errno);
  if (::ftruncate(fd.get(), static_cast<off_t>(size_mib) << 20) != 0)
    return errno_error("making " + path.string() + " large", errno);
  return {};
}

bool takes_sockets(const char* dir) {
  return dir != nullptr && *dir == '/' && std::string_view(dir).size() <= longest_parent &&
         ::access(dir, W_OK | X_OK) == 0;
}

}  // namespace

fs::path socket_parent() {
  for (const Variable variable : {Variable("XDG_RUNTIME_DIR"), Variable("TMPDIR")}) {
    if (const auto dir = environment(variable); dir && takes_sockets(dir->c_str())) return *dir;
  }
  return "/tmp";
}

Result<JobFiles> JobFiles::prepare(const model::JobSpec& job, const GuestFiles& files,
                                   const std::map<std::string, fs::path>& drive_files) {
  PINRIG_CHECK(make_dirs(files.dir));
  PINRIG_TRY(sockets, TempDir::create(socket_parent(), "pinrig-"));
  JobFiles prepared(std::move(sockets));
  QemuPaths& paths = prepared.paths_;
  const fs::path dir = fs::absolute(files.dir);
  PINRIG_CHECK(prepared.add_console(dir / files.console().filename()));
  paths.results = (dir / files.results().filename()).string();
  paths.control_socket = (prepared.sockets_.path() / "control").string();
  paths.qmp_socket = (prepared.sockets_.path() / "qmp").string();
  paths.gdb_socket = (prepared.sockets_.path() / "gdb").string();
  PINRIG_CHECK(prepared.add_initramfs(job.initramfs, dir));
  for (const auto& drive : job.machine.nvme) PINRIG_CHECK(prepared.add_drive(drive, dir, drive_files));
  for (const auto device : job.machine.devices) PINRIG_CHECK(prepared.add_device(device, dir));
  return prepared;
}

Result<void> JobFiles::add_console(const fs::path& console) {
  paths_.console = console.string();
  paths_.console_pipe = (sockets_.path() / "console").string();
  const UniqueFd empty(::open(console.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!empty) return errno_error("creating " + console.string(), errno);
  std::error_code ec;
  fs::create_symlink(console, paths_.console_pipe + ".out", ec);
  if (ec) return errno_error("linking " + console.string(), ec.value());
  const std::string fifo = paths_.console_pipe + ".in";
  if (::mkfifo(fifo.c_str(), 0600) != 0) return errno_error("creating " + fifo, errno);
  // For both directions: an open that has no other end would wait or fail, and the last writer's end is read
  // as the end of the port.
  console_input_ = UniqueFd(::open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!console_input_) return errno_error("opening " + fifo, errno);
  return {};
}

Result<void> JobFiles::add_initramfs(const std::vector<std::string>& archives, const fs::path& dir) {
  if (archives.size() < 2) {
    if (!archives.empty()) paths_.initramfs = archives.front();
    return {};
  }
  const fs::path whole = dir / "initramfs.img";
  UniqueFd fd(::open(whole.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return errno_error("creating " + whole.string(), errno);
  owned_.push_back(whole);
  for (const auto& archive : archives) {
    PINRIG_TRY(bytes, read_file(archive));
    // unpack_to_rootfs() of init/initramfs.c takes archives one after the other, each from a multiple of 4
    // bytes on, and skips zeros between them.
    bytes.resize((bytes.size() + 3) / 4 * 4, '\0');
    PINRIG_CHECK(write_all(fd.get(), bytes, whole));
  }
  paths_.initramfs = whole.string();
  return {};
}

Result<void> JobFiles::add_drive(const model::NvmeDrive& drive, const fs::path& dir,
                                 const std::map<std::string, fs::path>& drive_files) {
  std::string name = fmt::format("drive-{}-{}.raw", drive.serial, drive.nsid);
  std::replace(name.begin(), name.end(), '/', '_');
  const fs::path image = dir / name;
  owned_.push_back(image);
  const std::string key = drive_key(drive);
  paths_.drives[key] = image.string();
  // Some hundred KiB of data in an image just made. An overlay (snapshot=on) would wait for the host's disk
  // four times.
  if (const auto given = drive_files.find(key); given != drive_files.end())
    return copy_sparse(given->second, image);
  PINRIG_CHECK(make_sparse(image, drive.size_mib));
  return {};
}

Result<void> JobFiles::add_device(model::Device device, const fs::path& dir) {
  if (device == model::Device::p9) {
    const fs::path share = sockets_.path() / "share";
    PINRIG_CHECK(make_dirs(share));
    paths_.devices[device] = share.string();
  }
  if (const auto mib = image_mib(device)) {
    const fs::path image = dir / fmt::format("{}.raw", model::to_string(device));
    PINRIG_CHECK(make_sparse(image, *mib));
    owned_.push_back(image);
    paths_.devices[device] = image.string();
  }
  return {};
}

JobFiles::~JobFiles() {
  std::error_code ec;
  for (const auto& path : owned_) fs::remove(path, ec);
}

}  // namespace pinrig::vm
