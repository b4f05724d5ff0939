// SPDX-License-Identifier: GPL-2.0
// A guest ready to boot: everything needed is on disk before anything boots.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "job/kernel.h"
#include "model/job.h"

namespace pinrig::job {

/// A job ready to start: everything that repro.sh needs is on disk in `dir`.
struct ReadyJob {
  model::JobSpec spec;
  fs::path dir;
  std::map<std::string, fs::path> drives;
  std::shared_ptr<FileLock> in_use = nullptr;  ///< while held, no other pinrig uses `dir`; may be empty
};
Result<ReadyJob> ready_job(const model::Kernel& kernel, const model::Guest& guest, const Built& built,
                           const Platform& platform, const std::string& run_id, const fs::path& dir,
                           const Services& services);

/// Makes `kernel` the one that the job boots: its files, its time limits, and page_owner=on where it can
/// record who allocated a page.
Result<void> take_kernel(model::JobSpec& spec, const kbuild::Artifact& kernel);

/// Tests whose symbols the kernel with this .config was built without, and the reason: its version does not
/// have them, or no fragment of the run asks for them.
std::map<std::string, std::string> lacking_symbols(const std::vector<model::TestSpec>& tests,
                                                   const std::string& config);

/// Tests whose program the kernel's tree does not have (a skip), those whose program it has and the compiler
/// refuses (a skip that expectations have to list, as a known kernel builds them all), and those whose
/// program is missing for no known reason (an error), each with the reason. A test of ours that runs a
/// program of the tree is treated as the tree's own.
struct LackingPrograms {
  std::map<std::string, std::string> skips;
  std::map<std::string, std::string> unbuilt;
  std::map<std::string, std::string> broken;
};
Result<LackingPrograms> lacking_programs(const std::vector<model::TestSpec>& tests,
                                         const fs::path& selftests);

}  // namespace pinrig::job
