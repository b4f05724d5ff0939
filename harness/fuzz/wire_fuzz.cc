// SPDX-License-Identifier: GPL-2.0
// Frames, of a guest and of its agent.
#include "fuzz.h"
#include "wire/frame.h"
#include "wire/line_counters.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinrig;
  const auto text = fuzz::text_of(data, size);
  wire::Decoder decoder(text);
  std::size_t seen = 0;
  while (const auto frame = decoder.next()) {
    fuzz::must(frame->payload.size() <= wire::max_payload);
    const auto again = wire::encode(frame->kind, frame->test_id, frame->payload);
    fuzz::must(text.substr(seen, again.size()) == again);
    seen += again.size();
  }
  fuzz::must(seen + decoder.rest().size() == size);
  constexpr std::size_t most = 1 << 20;
  if (const auto counters = wire::unpack(text, most)) fuzz::must(counters->size() <= most);
  return 0;
}
