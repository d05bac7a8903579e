// What a reader of mail by its parts gets: groups of addresses, texts as they were meant, and where a header ends.
#include "transcoders/mime/body_value.h"

#include <gtest/gtest.h>

#include "transcoders/mime/fields.h"
#include "transcoders/mime/header.h"
#include "transcoders/mime/transfer.h"
#include "transcoders/unicode.h"

namespace telepost::transcoders {
namespace {

using mime::AddressGroup;
using mime::Mailbox;
using Groups = std::vector<AddressGroup>;

TEST(MimeAddressGroups, AreFoundWhereTheyStand) {  // RFC 5322 section 3.4 and appendix A.1.3
  EXPECT_EQ(mime::parse_address_groups("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;"),
            (Groups{{"A Group", {{"Ed Jones", "c@a.test"}, {"", "joe@where.test"}, {"John", "jdoe@one.test"}}}}));
  EXPECT_EQ(mime::parse_address_groups("Undisclosed recipients:;"), (Groups{{"Undisclosed recipients", {}}}));
  EXPECT_EQ(mime::parse_address_groups("a@x.test, b@x.test, G: c@x.test;, d@x.test"),
            (Groups{{std::nullopt, {{"", "a@x.test"}, {"", "b@x.test"}}}, {"G", {{"", "c@x.test"}}}, {std::nullopt, {{"", "d@x.test"}}}}));
  EXPECT_EQ(mime::parse_address_groups("\"a: b; c\" <a@x.test>, <b@[IPv6:::1]>"), (Groups{{std::nullopt, {{"a: b; c", "a@x.test"}, {"", "b@[IPv6:::1]"}}}}));
  EXPECT_EQ(mime::parse_address_groups("=?utf-8?q?Gr=C3=BC=C3=9Fe?=: a@x.test"), (Groups{{"Gr\xC3\xBC\xC3\x9F" "e", {{"", "a@x.test"}}}}));  // never closed
  EXPECT_EQ(mime::parse_address_groups("(x:y) a@x.test"), (Groups{{std::nullopt, {{"x:y", "a@x.test"}}}}));
  EXPECT_EQ(mime::parse_address_groups(""), Groups());
}

TEST(MimeAddressGroups, HoldTheSameMailboxesAsTheList) {
  for (const char* list : {"a@x.test", "G:a@x.test,b@x.test;", "x y <a@x.test>, G: b@x.test; , c@x.test", "G:;", ",,a@x.test,", ";;", "a:b:c@x.test;;", "\"", "(", "<"}) {
    std::size_t count = 0;
    for (const auto& group : mime::parse_address_groups(list)) count += group.mailboxes.size();
    EXPECT_GE(count, mime::parse_addresses(list).size() == 0 ? 0u : 1u) << list;
  }
}

TEST(MimeAddressGroups, AreBounded) {
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "g:a@x.test;";
  EXPECT_LE(mime::parse_address_groups(many, 100).size(), 100u);
}

schema::Part text_part(std::string_view body, std::string encoding, std::string charset, std::string type = "text/plain") {
  schema::Part part;
  part.type = std::move(type);
  part.encoding = std::move(encoding);
  part.charset = std::move(charset);
  part.body = {0, body.size()};
  return part;
}
mime::ReadRange reader_of(const std::string& body) {
  return [&body](schema::ByteRange range) -> Result<std::string> { return body.substr(range.offset, range.size); };
}

TEST(MimeBodyValue, IsTheTextAsItWasMeant) {  // RFC 8621 section 4.1.4
  const std::string latin = "Gr=FC=DFe\r\n=\r\nx\ry";
  const auto value = mime::body_value(text_part(latin, "quoted-printable", "iso-8859-1"), reader_of(latin), 1000);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->text, "Gr\xC3\xBC\xC3\x9F" "e\nx\ny");
  EXPECT_FALSE(value->has_encoding_problem || value->truncated);
}

TEST(MimeBodyValue, IsCutWithoutHalfACharacter) {
  const std::string text = "a\xE2\x82\xAC\xE2\x82\xAC";
  for (std::size_t most = 0; most <= text.size(); ++most) {
    const auto value = mime::body_value(text_part(text, "8bit", "utf-8"), reader_of(text), most);
    ASSERT_TRUE(value.ok());
    EXPECT_EQ(value->text, text.substr(0, most == 0 ? 0 : 1 + (most - 1) / 3 * 3)) << most;
    EXPECT_EQ(value->truncated, most < text.size());
    EXPECT_FALSE(value->has_encoding_problem) << most;
  }
}

TEST(MimeBodyValue, IsNeverCutInsideATag) {
  const std::string html = "a < b <b title='>'>c</b> <!-- d --> e";
  const std::pair<std::size_t, std::string> cases[] = {{4, "a < "}, {7, "a < b "}, {18, "a < b "}, {19, "a < b <b title='>'>"}, {22, "a < b <b title='>'>c"},
                                                       {24, "a < b <b title='>'>c</b>"}, {30, "a < b <b title='>'>c</b> "}, {35, "a < b <b title='>'>c</b> <!-- d -->"}};
  for (const auto& [most, expected] : cases) {
    mime::BodyValue value{html};
    mime::cut(value, most, "text/html");
    EXPECT_EQ(value.text, expected) << most;
    EXPECT_TRUE(value.truncated);
    mime::BodyValue plain{html};
    mime::cut(plain, most, "text/plain");
    EXPECT_EQ(plain.text, html.substr(0, most));
  }
  mime::BodyValue comment{"a <!-- it's > --> b <i>c</i>"};
  mime::cut(comment, 22, "text/html");
  EXPECT_EQ(comment.text, "a <!-- it's > --> b ");
}

TEST(MimeBodyValue, HasTheSizeOfWhatIsDecoded) {
  std::string bytes(2'500'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31);
  const std::string lines = mime::encode_base64_lines(bytes);
  EXPECT_EQ(mime::decoded_size(text_part(lines, "base64", ""), reader_of(lines)).value(), bytes.size());
  EXPECT_EQ(mime::decoded_size(text_part(lines, "7bit", ""), reader_of(lines)).value(), lines.size());
}

TEST(MimeHeaderSize, EndsWhereTheScannerHasIt) {
  EXPECT_EQ(mime::header_size("A: b\r\n\r\nbody"), 8u);
  EXPECT_EQ(mime::header_size("A: b\n c\n\nbody"), 9u);
  EXPECT_EQ(mime::header_size("From x\nA: b\n\n"), 13u);
  EXPECT_EQ(mime::header_size("\r\nbody"), 2u);
  EXPECT_EQ(mime::header_size("A: b\r\nno field\r\n"), 6u);
  EXPECT_EQ(mime::header_size("A: b\r\nC: d"), std::nullopt);
  EXPECT_EQ(mime::header_size(""), std::nullopt);
}

TEST(Unicode, BringsTextIntoOneForm) {  // Unicode Standard Annex 15
  EXPECT_EQ(to_nfc("e\xCC\x81"), "\xC3\xA9");
  EXPECT_EQ(to_nfc("plain"), "plain");
  EXPECT_EQ(to_nfc("\xEF\xAC\x81"), "\xEF\xAC\x81");  // a ligature stays in form C
  EXPECT_EQ(to_nfc("a\xff" "b"), "a\xEF\xBF\xBD" "b");
  EXPECT_EQ(fold_case("STRASSE"), fold_case("Stra\xC3\x9F" "e"));
  EXPECT_EQ(fold_case("\xEF\xAC\x81N"), "fin");
  EXPECT_EQ(fold_case("E\xCC\x81"), "\xC3\xA9");
}

}  // namespace
}  // namespace telepost::transcoders
