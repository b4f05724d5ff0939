// SPDX-License-Identifier: GPL-2.0
#include "report/selection.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pinrig::report {
namespace {

const TestData* find_in(const GuestData& guest, const std::string& test) {
  for (const auto& t : guest.tests) {
    if (t.row.verdict().test == test) return &t;
  }
  return nullptr;
}

}  // namespace

Result<Place> find_guest(const RunData& data, const std::string& id) {
  std::vector<std::string> known;
  for (const auto& k : data.kernels) {
    for (const auto& g : k.guests) {
      if (g.row.id == id) return Place{&k, &g};
      known.push_back(g.row.id);
    }
  }
  return make_error(ErrorKind::bad_usage,
                    fmt::format("run {} has no guest '{}'{}", data.run.id, id, did_you_mean(id, known)),
                    known.empty() ? "it has no guests" : "its guests: " + join(known, ", "));
}

Place with_test(const Place& place, const std::string& test) {
  if (find_in(*place.guest, test) != nullptr) return place;
  for (const auto& g : place.kernel->guests) {
    if (find_in(g, test) != nullptr) return {place.kernel, &g};
  }
  return place;
}

Result<const TestData*> find_test(const Place& place, const std::string& test) {
  if (const auto* t = find_in(*place.guest, test)) return t;
  if (!place.kernel->built())
    return make_error(ErrorKind::bad_usage,
                      fmt::format("{}: kernel {} was not built, so no test ran", test, place.kernel->row.id),
                      place.kernel->row.failure);
  std::vector<std::string> known;
  for (const TestData* t : place.kernel->tests()) known.push_back(t->row.verdict().test);
  return make_error(
      ErrorKind::bad_usage,
      fmt::format("kernel {} has no test '{}'{}", place.kernel->row.id, test, did_you_mean(test, known)),
      known.empty() ? "no test has a verdict there" : "its tests: " + join(known, ", "));
}

namespace {

Error no_such_case(const TestData& t, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& c : t.cases) known.push_back(c.verdict().case_name);
  return make_error(ErrorKind::bad_usage,
                    fmt::format("test {} has no case '{}'{}", t.name(), name, did_you_mean(name, known)));
}

}  // namespace

Result<void> narrow(RunData& data, const Selection& what) {
  if (what.guest.empty()) return {};
  PINRIG_TRY(place, find_guest(data, what.guest));
  const auto colon = what.test.find(':');
  const std::string test = what.test.substr(0, colon);
  if (!test.empty()) place = with_test(place, test);
  GuestData guest = *place.guest;
  if (!test.empty()) {
    PINRIG_TRY(found, find_test(place, test));
    TestData one = *found;
    if (colon != std::string::npos) {
      const std::string name = what.test.substr(colon + 1);
      std::erase_if(one.cases, [&](const Row& c) { return c.verdict().case_name != name; });
      if (one.cases.empty()) return no_such_case(*found, name);
    }
    guest.tests = {std::move(one)};
  }
  KernelData kernel = *place.kernel;
  kernel.guests = {std::move(guest)};
  data.kernels = {std::move(kernel)};
  return {};
}

}  // namespace pinrig::report
