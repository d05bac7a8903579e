// Each check of verify on bytes: documents, segments, pieces and links. One thing is broken, and verify names that check
// and no other.
#include "tests/unit/broken_store.h"

namespace telepost {
namespace {

using namespace test;
using Verify = BrokenStore;

TEST_F(Verify, NamesADocumentThatTheSchemaRefuses) {
  std::string xml = *get(account(), Space::large, keys::document(small_.local));
  xml.replace(xml.find("subject"), 7, "sobject");
  put(account(), Space::large, keys::document(small_.local), xml);
  expect_damage("document");
}
TEST_F(Verify, NamesAMissingDocument) {
  erase(account(), Space::large, keys::document(small_.local));
  expect_damage("document");
}
TEST_F(Verify, NamesADocumentOfAnotherMessage) {
  put(account(), Space::large, keys::document(small_.local), *get(account(), Space::large, keys::document(copied_.local)));
  expect_damage("document");
}
TEST_F(Verify, NamesPartsBeyondTheSource) {
  edit_document(shared_, [](schema::Document& document) { document.root.children.back().body.size += 100'000; });
  expect_damage("parts");
}
TEST_F(Verify, NamesPartsThatOverlap) {
  edit_document(shared_, [](schema::Document& document) { document.root.children[0].body.size += 1000; });
  expect_damage("parts");
}
TEST_F(Verify, NamesBytesThatTheirDigestDoesNotTell) {
  std::string bytes = *get(account(), Space::large, keys::segment(small_.local, 0));
  bytes.back() = '!';
  put(account(), Space::large, keys::segment(small_.local, 0), bytes);
  expect_damage("digest");
}
TEST_F(Verify, NamesAMissingSegment) {
  erase(account(), Space::large, keys::segment(small_.local, 0));
  expect_damage("segment");
}
TEST_F(Verify, NamesASegmentOfAnotherSize) {
  put(account(), Space::large, keys::segment(small_.local, 0), "short");
  expect_damage("segment");
}
TEST_F(Verify, NamesBytesOfNoMessage) {
  put(account(), Space::large, keys::segment({7}, 0), "bytes");
  expect_damage("leftover");
}
TEST_F(Verify, NamesASegmentTooMany) {
  put(account(), Space::large, keys::segment(small_.local, 9), "bytes");
  expect_damage("leftover");
}
TEST_F(Verify, NamesAPieceThatIsNotItsDigest) {
  put(Partition::piece(piece()), Space::large, keys::kPieceBytes, std::string(40'000, 'b'));
  expect_damage("piece");
}
TEST_F(Verify, NamesAPieceWithoutBytes) {
  erase(Partition::piece(piece()), Space::large, keys::kPieceBytes);
  expect_damage("piece");
}
TEST_F(Verify, NamesAPieceThatTellsAnotherSize) {
  edit_in(Partition::piece(piece()), Space::point, std::string(keys::kPieceHead), schema::decode_PieceRecord,
          [](schema::PieceRecord& head) { ++head.size_bytes; });
  expect_damage("piece");
}
TEST_F(Verify, NamesAPieceThatIsGone) {
  const Partition gone = Partition::piece(piece());
  const std::string ann_link = keys::link(shared_);
  std::vector<std::string> links;
  ASSERT_TRUE(fixture_.engine().reader(gone)->scan(Space::scan, "L", "M", [&](std::string_view key, std::string_view) {
    links.emplace_back(key);
    return true;
  }).ok());
  for (const std::string& link : links) erase(gone, Space::scan, link);
  erase(gone, Space::large, keys::kPieceBytes);
  erase(gone, Space::point, keys::kPieceHead);
  expect_damage("piece");
}
TEST_F(Verify, NamesAMessageWithoutLink) {
  erase(Partition::piece(piece()), Space::scan, keys::link(shared_));
  expect_damage("link");
}
TEST_F(Verify, NamesALinkWithoutMessage) {
  put(Partition::piece(piece()), Space::scan, keys::link({ann_, {7}}), "");
  expect_damage("link");
}
TEST_F(Verify, NamesALinkToAMessageThatUsesOtherBytes) {
  put(Partition::piece(piece()), Space::scan, keys::link(small_), "");
  expect_damage("link");
}
TEST_F(Verify, CountsALinkThatAHintWillFindAsDebris) {
  const Partition shared = Partition::piece(piece());
  put(shared, Space::scan, keys::link({ann_, {7}}), "");
  write_hint(store::Calendar::write({fixture_.clock().now() + std::chrono::hours(1), shared, {{ann_, {7}}}}));
  expect_debris("link");
}
TEST_F(Verify, NamesALinkThatNoHintAsksAbout) {
  const Partition shared = Partition::piece(piece());
  put(shared, Space::scan, keys::link({ann_, {7}}), "");
  write_hint(store::Calendar::write({fixture_.clock().now() + std::chrono::hours(1), shared, {small_}}));
  expect_damage("link");
}
TEST_F(Verify, NamesAHintBehindTheCursorAsNone) {
  const Partition shared = Partition::piece(piece());
  put(shared, Space::scan, keys::link({ann_, {7}}), "");
  write_hint(store::Calendar::write({fixture_.clock().now() - std::chrono::hours(1), shared, {{ann_, {7}}}}));
  expect_damage("link");
}
TEST_F(Verify, NamesAnOrphanWithLinks) {
  const Partition shared = Partition::piece(piece());
  const auto head = *schema::decode_PieceRecord(*get(shared, Space::point, keys::kPieceHead));
  put(shared, Space::point, keys::kOrphan, schema::encode(schema::OrphanRecord{head.generation, fixture_.clock().now()}));
  expect_damage("orphan");
}
TEST_F(Verify, NamesAPieceThatNobodyUsesAndNoHintFinds) {
  const std::string bytes = "nobody's";
  const Partition lost = Partition::piece(sha256(bytes));
  put(lost, Space::point, keys::kPieceHead, schema::encode(schema::PieceRecord{schema::PieceRecord::Codec::raw, bytes.size(), 1, 0}));
  put(lost, Space::large, keys::kPieceBytes, bytes);
  expect_damage("orphan");
}

}  // namespace
}  // namespace telepost
