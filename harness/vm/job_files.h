// SPDX-License-Identifier: GPL-2.0
// The files that QEMU needs before it starts: drives, one initramfs, a directory for sockets.
#pragma once

#include <map>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "model/job.h"
#include "vm/guest.h"
#include "vm/qemu_args.h"

namespace pinrig::vm {

/// The directory for the socket directories of guests: XDG_RUNTIME_DIR, TMPDIR or /tmp, the first that is
/// short enough for sun_path and writable. Not the job's directory: its path may be too long.
fs::path socket_parent();

/// Owns the files that only serve one boot; its end removes them. Console, results, qemu.log and qemu.args
/// stay.
class JobFiles {
 public:
  /// Drives without an entry in `drive_files` get a sparse file: null-co would discard writes, but the
  /// direct-I/O tests read them back.
  static Result<JobFiles> prepare(const model::JobSpec& job, const GuestFiles& files,
                                  const std::map<std::string, fs::path>& drive_files);
  JobFiles(JobFiles&&) noexcept = default;
  JobFiles& operator=(JobFiles&&) noexcept = default;
  ~JobFiles();

  const QemuPaths& paths() const { return paths_; }
  /// What is written here the guest's serial port receives.
  int console_input() const { return console_input_.get(); }

 private:
  explicit JobFiles(TempDir sockets) : sockets_(std::move(sockets)) {}
  /// QEMU's "file" takes no input before 8.1, so it gets a "pipe": a FIFO, and a link to the file.
  Result<void> add_console(const fs::path& console);
  Result<void> add_initramfs(const std::vector<std::string>& archives, const fs::path& dir);
  Result<void> add_drive(const model::NvmeDrive& drive, const fs::path& dir,
                         const std::map<std::string, fs::path>& drive_files);
  /// The image of a device, or the empty folder shared with the guest, removed with the sockets.
  Result<void> add_device(model::Device device, const fs::path& dir);

  TempDir sockets_;  ///< mode 0700
  QemuPaths paths_;
  UniqueFd console_input_;
  std::vector<fs::path> owned_;
};

}  // namespace pinrig::vm
