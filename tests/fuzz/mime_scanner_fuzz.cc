// Any bytes: the structure's ranges nest inside the source, digests are those of the ranges, the stretches
// cover it, and none of it depends on the chunks. The first two bytes choose chunk sizes and limits.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "transcoders/mime/describe.h"
#include "transcoders/mime/scanner.h"
#include "transcoders/mime/service_facts.h"

namespace {

using namespace telepost;
using transcoders::mime::Limits;
using transcoders::mime::Scanner;
using transcoders::mime::Stretch;
using transcoders::mime::Structure;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Counts {
  std::size_t parts = 0;
  std::size_t deepest = 0;
};

void check_part(const schema::Part& part, std::string_view source, const std::vector<Stretch>& stretches,
                std::size_t depth, Counts& counts) {
  ++counts.parts;
  counts.deepest = std::max(counts.deepest, depth);
  require(part.header.end() == part.body.offset && part.body.end() <= source.size());
  const std::string_view body = source.substr(part.body.offset, part.body.size);
  require(part.lines == static_cast<std::uint64_t>(std::count(body.begin(), body.end(), '\n')) +
                            (!body.empty() && body.back() != '\n' ? 1 : 0));
  std::uint64_t from = part.body.offset;
  for (const schema::Part& child : part.children) {
    require(child.header.offset >= from && child.body.end() <= part.body.end());
    from = child.body.end();
    check_part(child, source, stretches, depth + 1, counts);
  }
  const bool encoded_message = part.type.starts_with("message/");
  require(part.digest.has_value() == part.children.empty());
  if (!part.children.empty()) return;
  require(!part.type.starts_with("multipart/") && (encoded_message || !part.id.empty()));
  require(*part.digest == sha256(body));
  if (body.empty()) return;
  require(std::find(stretches.begin(), stretches.end(), Stretch{part.body, true}) != stretches.end());
}

void check_stretches(const std::vector<Stretch>& stretches, std::size_t size_bytes) {
  std::uint64_t from = 0;
  for (const Stretch& stretch : stretches) {
    require(stretch.range.offset == from && stretch.range.size > 0);
    from = stretch.range.end();
  }
  require(from == size_bytes);
}

struct Outcome {
  Structure structure;
  std::vector<Stretch> stretches;
};

// next_size(): the size of each chunk.
template <typename NextSize>
Outcome run(std::string_view source, const Limits& limits, NextSize next_size) {
  Scanner scanner(limits);
  Outcome outcome;
  std::vector<transcoders::mime::OpenStretch> promises;
  const auto take = [&] {
    for (const Stretch& stretch : scanner.take_stretches()) outcome.stretches.push_back(stretch);
  };
  for (std::size_t at = 0; at < source.size();) {
    const std::size_t size = std::min(std::max<std::size_t>(next_size(), 1), source.size() - at);
    scanner.feed(source.substr(at, size));
    at += size;
    take();
    const auto open = scanner.open_stretch();
    require(open.begin <= open.safe_end && open.safe_end <= at && at - open.safe_end <= 1004);
    promises.push_back(open);
  }
  outcome.structure = scanner.finish();
  take();
  for (const auto& open : promises) {  // every safe byte of a body stayed in the stretch that was open
    if (!open.leaf || open.safe_end == open.begin) continue;
    require(std::any_of(outcome.stretches.begin(), outcome.stretches.end(), [&](const Stretch& stretch) {
      return stretch.range.offset == open.begin && stretch.range.end() >= open.safe_end;
    }));
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned seed = data[0];
  Limits limits;
  if (data[1] % 4 == 1)
    limits = {.parts = 5,
              .depth = 3,
              .header_bytes = 300,
              .header_bytes_total = 700,
              .fields = 4,
              .content_fields = 3};
  if (data[1] % 4 == 2) limits = {.parts = 1 + data[1] / 32u, .depth = 2};
  const std::string_view source(reinterpret_cast<const char*>(data) + 2, size - 2);

  const Outcome whole = run(source, limits, [&] { return source.size(); });
  require(whole.structure.size_bytes == source.size());
  check_stretches(whole.stretches, source.size());
  Counts counts;
  check_part(whole.structure.root, source, whole.stretches, 0, counts);
  require(counts.parts <= limits.parts && counts.deepest <= limits.depth);

  const Outcome bytes = run(source, limits, [] { return std::size_t{1}; });
  require(bytes.structure == whole.structure && bytes.stretches == whole.stretches);
  std::uint32_t state = seed * 2654435761u + 1;
  const Outcome random = run(source, limits, [&] {
    state = state * 1664525u + 1013904223u;
    return static_cast<std::size_t>(state >> 24) % (seed % 64 + 1u) + 1;
  });
  require(random.structure == whole.structure && random.stretches == whole.stretches);

  schema::Document document;
  transcoders::mime::describe(whole.structure, document);
  require(document.preview.size() <= 256);
  (void)transcoders::mime::read_service_facts(whole.structure);
  return 0;
}
