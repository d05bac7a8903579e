#include "schema/export.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "schema/annotation.h"
#include "schema/document.h"
#include "tests/support/random_document.h"

namespace telepost::schema {
namespace {

xml::ByteSource source_of(std::string xml) {
  return [text = std::move(xml), at = std::size_t{0}](char* bytes,
                                                      std::size_t size) mutable -> Result<std::size_t> {
    const std::size_t count = std::min(size, text.size() - at);
    std::memcpy(bytes, text.data() + at, count);
    at += count;
    return count;
  };
}

class Kept final : public ImportHandler {
 public:
  Result<void> document(const Document& document) override { return got_document = document, Result<void>(); }
  Result<void> annotation(const Annotation& annotation) override {
    return annotations.push_back(annotation), Result<void>();
  }
  Result<void> state(const ExportedState& state) override { return got_state = state, Result<void>(); }
  Result<void> content(std::string_view bytes) override { return source.append(bytes), Result<void>(); }
  Document got_document;
  std::vector<Annotation> annotations;
  ExportedState got_state;
  std::string source;
};

struct Sample {
  Document document;
  std::vector<Annotation> annotations;
  ExportedState state;
  std::string source;

  std::string xml() const {
    std::string out;
    ExportWriter writer([&out](std::string_view piece) { return out.append(piece), Result<void>(); });
    std::vector<std::string> written;
    for (const Annotation& annotation : annotations) written.push_back(write_annotation(annotation));
    EXPECT_TRUE(writer.begin(write_document(document), written, state).ok());
    for (std::size_t at = 0; at < source.size(); at += 10'007)
      EXPECT_TRUE(writer.content(std::string_view(source).substr(at, 10'007)).ok());
    EXPECT_TRUE(writer.finish().ok());
    return out;
  }
};

Sample sample(std::uint64_t seed, std::size_t size) {
  tests::RandomDocument random(seed);
  Sample sample;
  sample.document = random.document(Kind::email);
  for (std::uint64_t i = random.below(3); i > 0; --i) sample.annotations.push_back(random.annotation());
  sample.state = {{{"INBOX", Uid{7}}, {random.text(30), Uid{4'294'967'295}}},
                  {"$seen", random.text(20)},
                  Modseq{5},
                  Modseq{9}};
  while (sample.source.size() < size) sample.source.push_back(static_cast<char>(random.below(256)));
  sample.document.size_bytes = size;
  sample.document.trace_size_bytes = size / 3;
  sample.document.digest = sha256(std::string_view(sample.source).substr(size / 3));
  return sample;
}

TEST(Export, ComesBackByteForByte) {
  for (const std::size_t size : {0, 1, 2, 49'151, 49'152, 49'153, 300'000}) {
    const Sample sent = sample(size + 1, size);
    const std::string xml = sent.xml();
    Kept kept;
    const auto result = read_export(source_of(xml), kept);
    ASSERT_TRUE(result.ok()) << size << ": " << result.error().detail;
    EXPECT_TRUE(kept.got_document == sent.document);
    EXPECT_TRUE(kept.annotations == sent.annotations);
    EXPECT_TRUE(kept.got_state == sent.state);
    EXPECT_TRUE(kept.source == sent.source);
  }
}

TEST(Export, IsValidForXmllint) {
  const std::string path = testing::TempDir() + "telepost_export_" + std::to_string(getpid()) + ".xml";
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    std::ofstream(path) << sample(seed, 200'000).xml();
    const std::string command = "xmllint --noout --schema '" + std::string(TELEPOST_SOURCE_DIR) +
                                "/schema/message.xsd' '" + path + "' >'" + path + ".log' 2>&1";
    std::ifstream log(path + ".log");
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }
  std::remove(path.c_str());
  std::remove((path + ".log").c_str());
}

TEST(Export, ThatWasChangedIsRefused) {
  const Sample sent = sample(3, 100'000);
  const std::string good = sent.xml();
  const auto changed = [&](std::string_view what, std::string_view into) {
    std::string xml = good;
    xml.replace(xml.find(what), what.size(), into);
    return xml;
  };
  const std::size_t chunk = good.find("<chunk>") + 7;
  std::string flipped = good;
  flipped[chunk + 50'000] = flipped[chunk + 50'000] == 'A' ? 'B' : 'A';  // behind the trace block
  const std::size_t second = good.find("<chunk>", chunk);
  std::string shortened = good;
  shortened.erase(second, good.find("</chunk>", second) + 8 - second);
  for (const std::string& xml :
       {flipped, shortened, changed("<state ", "<state colour=\"red\" "),
        changed("<content encoding=\"base64\">", "<content encoding=\"hex\">"),
        changed("<chunk>", "<chunk>!"), changed("</content>", "</content><content encoding=\"base64\"/>"),
        changed(" size=\"100000\"", " size=\"99999\""), changed("<message ", "<!DOCTYPE message><message "),
        write_document(sent.document), good.substr(0, good.size() - 20), std::string()}) {
    Kept kept;
    const auto result = read_export(source_of(xml), kept);
    ASSERT_FALSE(result.ok()) << xml.substr(0, 300);
    EXPECT_EQ(result.error().kind, Errc::invalid) << result.error().detail;
  }
}

TEST(Export, EndsWithTheErrorOfWhoeverStopsIt) {
  class Full final : public ImportHandler {
    Result<void> document(const Document&) override { return {}; }
    Result<void> annotation(const Annotation&) override { return {}; }
    Result<void> state(const ExportedState&) override { return {}; }
    Result<void> content(std::string_view) override { return {Errc::disk_full, "full"}; }
  } handler;
  EXPECT_EQ(read_export(source_of(sample(1, 1000).xml()), handler).error().kind, Errc::disk_full);
  const xml::ByteSource broken = [](char*, std::size_t) -> Result<std::size_t> { return {Errc::io, "gone"}; };
  EXPECT_EQ(read_export(broken, handler).error().kind, Errc::io);
  Kept kept;
  EXPECT_EQ(read_export(source_of(sample(1, 1000).xml()), kept, {.content_bytes = 999}).error().kind,
            Errc::too_large);
  ExportWriter writer([](std::string_view) { return Result<void>(Errc::io, "pipe"); });
  EXPECT_EQ(writer.begin("<document/>", {}, {}).error().kind, Errc::io);
}

// The sanitizers keep what was freed, up to 256 MiB, and shadow it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr long kAllowedKib = 400 * 1024;
#else
constexpr long kAllowedKib = 16 * 1024;
#endif

// The content is made while it is read, so that what grows is the reader's.
TEST(Export, OfFiftyMegabytesIsReadInBoundedMemory) {
  constexpr std::size_t kSize = std::size_t{50} << 20;
  Sample sent = sample(2, 0);
  sent.document.size_bytes = kSize;
  sent.document.trace_size_bytes = 0;
  Sha256 digest;
  const std::string block(49'152, 'x');
  for (std::size_t at = 0; at < kSize; at += block.size())
    digest.update(std::string_view(block).substr(0, std::min(block.size(), kSize - at)));
  sent.document.digest = digest.finish();

  std::string waiting;
  ExportWriter writer([&waiting](std::string_view piece) { return waiting.append(piece), Result<void>(); });
  ASSERT_TRUE(writer.begin(write_document(sent.document), {}, sent.state).ok());
  std::size_t given = 0;
  bool finished = false;
  const xml::ByteSource source = [&](char* bytes, std::size_t size) -> Result<std::size_t> {
    while (waiting.empty() && !finished) {
      const std::size_t count = std::min(block.size(), kSize - given);
      if (count == 0) TELEPOST_TRY(writer.finish());
      finished = count == 0;
      given += count;
      if (count != 0) TELEPOST_TRY(writer.content(std::string_view(block).substr(0, count)));
    }
    const std::size_t count = std::min(size, waiting.size());
    std::memcpy(bytes, waiting.data(), count);
    waiting.erase(0, count);
    return count;
  };
  class Count final : public ImportHandler {
   public:
    Result<void> document(const Document&) override { return {}; }
    Result<void> annotation(const Annotation&) override { return {}; }
    Result<void> state(const ExportedState&) override { return {}; }
    Result<void> content(std::string_view bytes) override { return size += bytes.size(), Result<void>(); }
    std::size_t size = 0;
  } count;
  const auto peak_kib = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  ASSERT_TRUE(
      validate_document(write_document(sent.document)).ok());  // the grammar is loaded before the measure
  const long before = peak_kib();
  const auto result = read_export(source, count);
  ASSERT_TRUE(result.ok()) << result.error().detail;
  EXPECT_EQ(count.size, kSize);
  EXPECT_LT(peak_kib() - before, kAllowedKib);
}

}  // namespace
}  // namespace telepost::schema
