// SPDX-License-Identifier: GPL-2.0
#include "vm/dump.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "vm/guest_impl.h"

namespace pinrig::vm {
namespace {

/// For a guest of that size; a busy host under a slow disk writes some 20 MiB in a second.
Deadline dump_deadline(int memory_mib) { return Deadline::after(Seconds(30 + memory_mib / 20.0)); }

std::uintmax_t free_bytes(const fs::path& dir) {
  std::error_code ec;
  const auto space = fs::space(dir, ec);
  return ec ? 0 : space.available;
}

}  // namespace

std::string dump_obstacle(const model::JobSpec& job, std::uintmax_t free) {
  const auto memory = static_cast<std::uintmax_t>(job.machine.memory_mib) << 20;
  if (job.machine.memory_mib > job.dump.limit_mib)
    return fmt::format("the guest has {} of memory, more than the {} of --dump-limit", human_bytes(memory),
                       human_bytes(static_cast<std::uintmax_t>(job.dump.limit_mib) << 20));
  if (free < memory + dump_reserve)
    return fmt::format(
        "{} are free on the disk, and a dump may need {} besides the {} that are left to guests",
        human_bytes(free), human_bytes(memory), human_bytes(dump_reserve));
  return {};
}

std::string dump_arguments(const std::string& file) {
  return nlohmann::json{{"paging", false}, {"protocol", "file:" + file}, {"format", "kdump-zlib"}}.dump();
}

Result<std::string> Guest::Impl::save_memory(const fs::path& file) {
  if (std::string why = dump_obstacle(job, free_bytes(files.dir)); !why.empty()) return why;
  const fs::path part = file.string() + ".part";
  PINRIG_TRY(answer, ask_qemu("dump-guest-memory", dump_arguments(part.string()),
                              dump_deadline(job.machine.memory_mib)));
  std::error_code ec;
  if (answer && answer->problem.empty()) fs::rename(part, file, ec);
  if (answer && answer->problem.empty() && !ec) return std::string();
  const std::string why = !answer ? "QEMU did not finish it in time" : ec ? ec.message() : answer->problem;
  fs::remove(part, ec);
  return why;
}

Result<model::Dump> Guest::dump(model::DumpCause cause, const std::string& test) {
  Impl& g = *impl_;
  const auto start = Clock::now();
  model::Dump out{.cause = cause, .test = test};
  const fs::path file = fs::absolute(g.files.dir / "vmcore");
  if (g.status || !g.child) {
    out.problem = "QEMU is gone";
    return out;
  }
  PINRIG_TRY(why, g.save_memory(file));
  out.problem = std::move(why);
  out.took_s = since(start).count();
  if (!out.problem.empty()) return out;
  std::error_code ec;
  out.file = file.string();
  out.bytes = fs::file_size(file, ec);
  return out;
}

}  // namespace pinrig::vm
