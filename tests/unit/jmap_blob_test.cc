// Blob ids, and the bytes behind them.
#include "adapters/jmap/blob.h"
#include "adapters/jmap/rendition.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "tests/support/jmap_mail.h"

namespace telepost {
namespace {

using adapters::jmap::blob_from;
using adapters::jmap::open_blob;
using test::JmapMail;

TEST(JmapBlobId, HasOneSpellingOfEach) {
  for (const char* id : {"s5f", "p5f-1", "p5f-2_1", "p5f-2_1-1", "u9", "u9-1_10", "u9-1-1-1-1"}) {
    const auto blob = blob_from(id);
    ASSERT_TRUE(blob.has_value()) << id;
    EXPECT_EQ(adapters::jmap::to_id(*blob), id);
    EXPECT_TRUE(adapters::jmap::is_id(id));
  }
  for (const char* id : {"", "s", "s0", "s05", "s5F", "p5", "s5-1", "p5-", "p5-0", "p5-01", "p5-1_", "p5-_1", "p5-1.2", "p5--1", "u9-1-1-1-1-1", "x5", "s5f ", "e5", "p5-1a"}) {
    EXPECT_FALSE(blob_from(id).has_value()) << id;
  }
}

class JmapBlob : public JmapMail {
 protected:
  Result<std::string> read(const std::string& id, schema::ByteRange range = {0, 1u << 30}) {
    const auto blob_id = blob_from(id);
    if (!blob_id) return {Errc::not_found, ""};
    TELEPOST_ASSIGN(const auto blob, open_blob(store(), account_, *blob_id, store::Purpose::subscriber));
    return adapters::jmap::bytes_of(*blob, range);
  }
};

TEST_F(JmapBlob, DecodesAPartInRangesOfAnySize) {
  std::string content;
  for (int i = 0; i < 100'000; ++i) content += "line " + std::to_string(i) + "\r\n";
  const std::string mail = test::mail_with("parts", {content});
  const auto id = deliver(mail);
  const std::string number = adapters::jmap::to_id('e', id.local.value).substr(1);
  EXPECT_EQ(read("s" + number).value(), source(id));
  EXPECT_EQ(read("s" + number, {5, 10}).value(), source(id).substr(5, 10));
  const auto whole = read("p" + number + "-2");
  ASSERT_TRUE(whole.ok());
  for (const schema::ByteRange range : {schema::ByteRange{0, 1}, {1'048'575, 3}, {1'000'000, 200'000}, {whole->size() - 1, 10}, {whole->size(), 1}, {whole->size() + 5, 1}, {7, 0}}) {
    EXPECT_EQ(read("p" + number + "-2", range).value(), whole->substr(std::min(range.offset, std::uint64_t{whole->size()}), range.size));
  }
  EXPECT_EQ(read("p" + number + "-3").error().kind, Errc::not_found);
  EXPECT_EQ(read("p" + number + "-1_1").error().kind, Errc::not_found);
  EXPECT_EQ(read("s999999").error().kind, Errc::not_found);
}

TEST_F(JmapBlob, ReadsBase64InRanges) {
  std::string bytes;
  for (int i = 0; i < 3'000'000; ++i) bytes.push_back(static_cast<char>(i * 7 + i / 251));
  std::string lines;
  const std::string encoded = to_base64(bytes);
  for (std::size_t at = 0; at < encoded.size(); at += 76) lines += encoded.substr(at, 76) + "\r\n";
  const auto id = deliver("From: a@b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines);
  const std::string blob = "p" + id_of(id).substr(1) + "-1";
  EXPECT_EQ(read(blob).value(), bytes);
  for (const schema::ByteRange range : {schema::ByteRange{0, 100}, {2'999'990, 100}, {786'432, 5}, {1'500'000, 1'000'000}}) {
    EXPECT_EQ(read(blob, range).value(), bytes.substr(range.offset, range.size));
  }
}

TEST_F(JmapBlob, OpensMessagesInsideOfMessages) {
  const std::string inner = "From: a@b\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--i--\r\n";
  const auto id = deliver("From: a@b\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\ntext\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n" + inner + "--o--\r\n");
  const std::string number = id_of(id).substr(1);
  EXPECT_EQ(read("p" + number + "-2-1").value(), "hello");
  const std::string uploaded = upload(inner, "message/rfc822");
  EXPECT_EQ(read(uploaded).value(), inner);
  EXPECT_EQ(read(uploaded + "-1").value(), "hello");
  EXPECT_EQ(read(uploaded + "-2").error().kind, Errc::not_found);
}

TEST_F(JmapBlob, BelongsToItsAccountAlone) {
  const auto other = fixture_.create("mailto:bob@example.test");
  const auto id = deliver("From: a@b\r\n\r\nsecret");
  const std::string mine = upload("secret");
  for (const std::string& blob : {blob_of(id), "p" + id_of(id).substr(1) + "-1", mine}) {
    EXPECT_EQ(open_blob(store(), other, *blob_from(blob), store::Purpose::subscriber).error().kind, Errc::not_found);
  }
}

class JmapRendition : public JmapBlob {
 protected:
  std::unique_ptr<adapters::jmap::Blob> opened(const std::string& id) { return open_blob(store(), account_, blob_from(id).value(), store::Purpose::subscriber).value(); }
  Result<std::string> text(const std::string& id) {
    const auto blob = opened(id);
    EXPECT_EQ(adapters::jmap::rendition_of(blob->type()), "text/plain");
    TELEPOST_ASSIGN(const auto made, adapters::jmap::render(*blob));
    EXPECT_EQ(made->type(), "text/plain");
    EXPECT_EQ(made->charset(), "utf-8");
    const std::string all = adapters::jmap::bytes_of(*made, {0, adapters::jmap::kWholeBlob}).value();
    EXPECT_EQ(made->size().value(), all.size());
    EXPECT_EQ(adapters::jmap::bytes_of(*made, {2, 3}).value(), all.substr(std::min<std::size_t>(2, all.size()), 3));
    EXPECT_EQ(adapters::jmap::bytes_of(*made, {all.size() + 1, 3}).value(), "");
    return std::string(trim(all));
  }
};

TEST_F(JmapRendition, IsTheTextOfHtmlWhateverItsEncodingAndCharset) {
  const auto id = deliver("From: a@b\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                          to_base64("<p>Gr\xFC\xDF" "e</p><script>alert(1)</script>") + "\r\n");
  EXPECT_EQ(text("p" + id_of(id).substr(1) + "-1").value(), "Gr\u00fc\u00dfe");
  EXPECT_EQ(text(upload("<b>x</b> &amp; y", "text/html")).value(), "x & y");
  EXPECT_EQ(text(upload("", "text/html")).value(), "");
}

TEST_F(JmapRendition, IsTheTextOfAMessageWhereverItLies) {
  const std::string inner = "From: a@b\r\nContent-Type: text/plain; format=flowed\r\n\r\none \r\nline\r\n";
  const auto id = deliver("From: a@b\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\ntext\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n" + inner + "--o--\r\n");
  EXPECT_EQ(text(blob_of(id)).value(), "text");
  EXPECT_EQ(text("p" + id_of(id).substr(1) + "-2").value(), "one line");
  EXPECT_EQ(text(upload(inner, "message/rfc822")).value(), "one line");
}

TEST_F(JmapRendition, IsNoneWhereSomethingWouldBeMissing) {
  EXPECT_EQ(text(upload("<p>" + std::string(3u << 20, 'x'), "text/html")).error().kind, Errc::too_large);
  for (const char* type : {"text/plain", "image/tiff", "audio/basic", "application/xhtml+xml", "multipart/mixed", ""}) EXPECT_EQ(adapters::jmap::rendition_of(type), "") << type;
}

}  // namespace
}  // namespace telepost
