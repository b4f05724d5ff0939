// SPDX-License-Identifier: GPL-2.0
// `pinrig run --resume`: an interrupted run goes on where it stopped.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "run/pipeline.h"
#include "run/run_file.h"
#include "store/store.h"

namespace pinrig::run {

/// What is left of a run. Guests and kernels that are in neither list did not begin.
struct Remainder {
  Kept kept;
  std::vector<store::KernelRow> kernels;  ///< cancelled ones, as planned
  std::vector<store::GuestRow> guests;    ///< half-done ones, as planned
};

/// Of the rows of an interrupted run. A kernel has an end when it was built or is known not to build, a guest
/// when it ended by itself: also as a crash or an error, because nothing is retried in silence. Pure.
Remainder remainder_of(const std::vector<store::KernelRow>& kernels,
                       const std::vector<store::GuestRow>& guests);

/// The lock of an interrupted run: who holds it may go on with the run. bad_usage when the run is complete,
/// or when a process is still running or resuming it (which the message names).
Result<FileLock> claim_run(const store::Store& store, const store::RunRow& run);

/// What two texts of run.json differ in, of all that a result depends on: base, points, fragments, guest
/// programs, machines, tests, expectations, QEMU and the compilers; one line each, at most 12. Where the
/// expectations stand in their files does not matter. bad_input when a text is not JSON.
Result<std::vector<std::string>> run_changes(const std::string& then, const std::string& now);

/// bad_input when `text`, a run.json, was written for another version of results.db, or says none.
Result<void> check_store_version(const std::string& text, const fs::path& file);

/// Finishes the interrupted run `id`: guests that ended are kept, half-done ones start over, kernels come
/// from the cache. The result is that of the whole run. Errors before anything starts: those of claim_run(),
/// and bad_input that names what differs from run.json.
Result<RunEnd> resume(const std::string& id, const Services& services, const std::function<void()>& tick);

}  // namespace pinrig::run
