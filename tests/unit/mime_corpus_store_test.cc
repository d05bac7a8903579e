// The corpus through the store: what went in comes out byte for byte, as it arrived and by way of the XML export.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "adapters/admin/commands.h"
#include "tests/support/store_fixture.h"

namespace telepost::adapters::admin {
namespace {

// A caller that keeps what it is answered and sends along what it was given.
class Caller final : public Exchange {
 public:
  Result<void> object(const Json& object) override { return answer = object, Result<void>(); }
  Result<void> bytes(std::string_view bytes) override { return received.append(bytes), Result<void>(); }
  Result<std::string> content() override {
    std::string piece = sent.substr(0, kContentBytes);
    sent.erase(0, piece.size());
    return piece;
  }
  Json answer;
  std::string received;
  std::string sent;
};

std::string run(store::Store& store, const std::string& verb, const Json& args, Caller& caller) {
  const Result<void> done = run_verb(store, {verb, args}, caller);
  EXPECT_TRUE(done.ok()) << verb << ": " << done.error().detail;
  return caller.received;
}

std::string as_arrived(store::Store& store, const std::string& id) {
  Caller caller;
  return run(store, "message.export", {{"id", id}, {"format", "eml"}, {"as_arrived", true}}, caller);
}

std::vector<std::pair<std::string, std::string>> corpus() {
  std::vector<std::pair<std::string, std::string>> mails;
  for (const auto& entry : std::filesystem::directory_iterator(TELEPOST_SOURCE_DIR "/tests/unit/corpus/mime")) {
    if (entry.path().extension() != ".eml") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    mails.emplace_back(entry.path().stem().string(), bytes.str());
  }
  std::sort(mails.begin(), mails.end());
  return mails;
}

TEST(MimeCorpusInTheStore, ComesBackByteForByte) {
  test::StoreFixture fixture;
  for (const auto& [name, mail] : corpus()) {
    const auto delivered = fixture.deliver("mailto:ann@example.test", mail);
    ASSERT_TRUE(delivered.ok()) << name << ": " << delivered.error().detail;
    const std::string id = to_string(delivered->id);
    EXPECT_EQ(as_arrived(fixture.store(), id), mail) << name;

    Caller exporting, importing, showing;
    importing.sent = run(fixture.store(), "message.export", {{"id", id}, {"format", "xml"}}, exporting);
    run(fixture.store(), "message.import", {{"new_id", true}}, importing);
    const std::string imported = importing.answer.value("id", "");
    ASSERT_NE(imported, id) << name;
    EXPECT_EQ(as_arrived(fixture.store(), imported), mail) << name;

    run(fixture.store(), "message.show", {{"id", imported}}, showing);
    EXPECT_TRUE(showing.answer.contains("text") && showing.answer.contains("attachments")) << name;
  }
  EXPECT_TRUE(fixture.verify_clean());
}

}  // namespace
}  // namespace telepost::adapters::admin
