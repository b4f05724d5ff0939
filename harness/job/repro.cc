// SPDX-License-Identifier: GPL-2.0
#include "job/repro.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text.h"

namespace pinrig::job {

fs::path existing_program(const std::string& link) {
  // d_path() adds this to a file that was unlinked, as a rebuild does (fs/d_path.c, path_with_deleted()).
  static constexpr std::string_view deleted = " (deleted)";
  std::error_code ec;
  if (!link.ends_with(deleted) || fs::exists(link, ec)) return link;
  return link.substr(0, link.size() - deleted.size());
}

fs::path own_program() {
  std::error_code ec;
  const fs::path p = fs::read_symlink("/proc/self/exe", ec);
  return ec ? fs::path("pinrig") : existing_program(p.string());
}

Result<void> write_repro(const model::JobSpec& job, const fs::path& dir, const fs::path& pinrig) {
  PINRIG_CHECK(write_file_atomic(dir / "job.json", model::job_to_json(job)));
  const std::string script = fmt::format(R"(#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Reproduces guest {cell} of run {run} from the cached artifacts.
# The first guest's QEMU command line is in qemu.args.
#   repro.sh                     the same tests on the same machine
#   repro.sh --test bio/dio_rw   only this test (may be repeated, * and ? match)
#   repro.sh --shell             an interactive guest with the same devices
#   repro.sh --gdb               the guest waits for a debugger before its first instruction
pinrig={pinrig}
exec "${{PINRIG:-$pinrig}}" rerun "$(dirname "$0")/job.json" "$@"
)",
                                         fmt::arg("cell", job.guest_id), fmt::arg("run", job.run_id),
                                         fmt::arg("pinrig", shell_quote(pinrig.string())));
  return write_file_atomic(dir / "repro.sh", script, 0755);
}

Result<std::string> cached_sha256(const fs::path& image) {
  struct stat st = {};
  if (::stat(image.c_str(), &st) != 0) return errno_error("stat " + image.string(), errno);
  const std::string state = fmt::format(" {} {}.{:09}\n", st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
  const fs::path file = image.string() + ".sha256";
  constexpr std::size_t hex = 64;
  if (const auto kept = read_file(file); kept.has_value() && kept->size() > hex && kept->substr(hex) == state)
    return kept->substr(0, hex);
  PINRIG_TRY(sha, sha256_file(image));
  PINRIG_CHECK(write_file_atomic(file, sha + state));
  return sha;
}

Result<void> write_manifest(const fs::path& dir, const std::map<std::string, fs::path>& files,
                            const std::map<std::string, fs::path>& drives,
                            const std::map<std::string, std::string>& facts) {
  nlohmann::json j;
  for (const auto& [role, path] : files) {
    PINRIG_TRY(sha, sha256_file(path));
    j["files"][role] = {{"path", path.string()}, {"sha256", sha}};
  }
  for (const auto& [key, path] : drives) {
    PINRIG_TRY(sha, cached_sha256(path));
    j["drives"][key] = {{"path", path.string()}, {"sha256", sha}};
  }
  for (const auto& [key, value] : facts) j["facts"][key] = value;
  return write_file_atomic(dir / "manifest.json", j.dump(2) + "\n");
}

}  // namespace pinrig::job
