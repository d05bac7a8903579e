#include "transcoders/mime/scanner.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace telepost::transcoders::mime {
namespace {

std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

// "type@id[body]" of each leaf, "type@id(children)" of the others.
std::string outline(const schema::Part& part, std::string_view source) {
  std::string text = part.type + "@" + part.id;
  if (part.children.empty())
    return text + "[" + std::string(source.substr(part.body.offset, part.body.size)) + "]";
  text += "(";
  for (const schema::Part& child : part.children)
    text += (text.back() == '(' ? "" : " ") + outline(child, source);
  return text + ")";
}
std::string outline(std::string_view source, const Limits& limits = {}) {
  return outline(scan(source, limits).root, source);
}

TEST(MimeScanner, PlainMessageIsOneLeafNumberedOne) {
  const std::string message = crlf("Subject: a\n\nb\nc\n");
  const Structure structure = scan(message);
  EXPECT_EQ(outline(message), crlf("text/plain@1[b\nc\n]"));
  EXPECT_EQ(structure.root.header, (schema::ByteRange{0, 14}));
  EXPECT_EQ(structure.root.body, (schema::ByteRange{14, 6}));
  EXPECT_EQ(structure.root.lines, 2u);
  EXPECT_EQ(structure.root.digest, sha256("b\r\nc\r\n"));
  EXPECT_TRUE(structure.defects.empty());
}

TEST(MimeScanner, EmptyMessageIsAnEmptyLeaf) {
  EXPECT_EQ(outline(""), "text/plain@1[]");
  EXPECT_EQ(scan("").size_bytes, 0u);
}

TEST(MimeScanner, LineEndBeforeADelimiterBelongsToTheDelimiter) {  // RFC 2046 section 5.1.1
  EXPECT_EQ(
      outline(crlf(
          "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nno line end\n--x\n\nline end\n\n--x--\n")),
      crlf("multipart/mixed@(text/plain@1[no line end] text/plain@2[line end\n])"));
}

TEST(MimeScanner, PreambleAndEpilogueAreNoParts) {
  EXPECT_EQ(outline(crlf("Content-Type: multipart/mixed; boundary=x\n\npre\n--x\n\na\n--x--\nepi\n--x\n\nb\n")),
            "multipart/mixed@(text/plain@1[a])");
}

// RFC 9051 section 6.4.5.1 gives this message as its example of part numbers.
TEST(MimeScanner, NumbersPartsAsTheExampleOfImap) {
  const std::string message = crlf(
      "Content-Type: multipart/mixed; boundary=a\n\n"
      "--a\nContent-Type: text/plain\n\n1\n"
      "--a\nContent-Type: application/octet-stream\n\n2\n"
      "--a\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=b\n\n"
      "--b\nContent-Type: text/plain\n\n3.1\n--b\nContent-Type: application/octet-stream\n\n3.2\n--b--\n"
      "--a\nContent-Type: multipart/mixed; boundary=c\n\n"
      "--c\nContent-Type: image/gif\n\n4.1\n"
      "--c\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=d\n\n"
      "--d\nContent-Type: text/plain\n\n4.2.1\n"
      "--d\nContent-Type: multipart/alternative; boundary=e\n\n"
      "--e\nContent-Type: text/plain\n\n4.2.2.1\n--e\nContent-Type: "
      "text/richtext\n\n4.2.2.2\n--e--\n--d--\n--c--\n--a--\n");
  EXPECT_EQ(outline(message),
            "multipart/mixed@(text/plain@1[1] application/octet-stream@2[2] "
            "message/rfc822@3(multipart/mixed@(text/plain@3.1[3.1] application/octet-stream@3.2[3.2])) "
            "multipart/mixed@4(image/gif@4.1[4.1] message/rfc822@4.2(multipart/mixed@(text/plain@4.2.1[4.2.1] "
            "multipart/alternative@4.2.2(text/plain@4.2.2.1[4.2.2.1] text/richtext@4.2.2.2[4.2.2.2])))))");
  EXPECT_TRUE(scan(message).defects.empty());
}

TEST(MimeScanner, MessageAtTheRootHasItsLeafAsOneDotOne) {
  EXPECT_EQ(outline(crlf("Content-Type: message/rfc822\n\nSubject: in\n\nbody\n")),
            crlf("message/rfc822@1(text/plain@1.1[body\n])"));
}

TEST(MimeScanner, EncodedMessageIsALeaf) {  // RFC 6532 section 3.7 allows it for message/global
  EXPECT_EQ(
      outline(crlf("Content-Type: message/global\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogYQ==\n")),
      crlf("message/global@1[U3ViamVjdDogYQ==\n]"));
  EXPECT_EQ(outline(crlf("Content-Type: message/global\n\nSubject: a\n\nb")),
            "message/global@1(text/plain@1.1[b])");
}

TEST(MimeScanner, DigestPartsAreMessagesByDefault) {  // RFC 2046 section 5.1.5
  EXPECT_EQ(outline(crlf("Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: "
                         "a\n\nb\n--d\nContent-Type: text/html\n\nc\n--d--")),
            "multipart/digest@(message/rfc822@1(text/plain@1.1[b]) text/html@2[c])");
}

TEST(MimeScanner, BoundariesThatBeginEachOtherAreToldApart) {
  const std::string expected = "multipart/mixed@(multipart/mixed@1(text/plain@1.1[1]) text/plain@2[2])";
  for (const auto& [outer, inner] : {std::pair{"ab", "abc"}, {"abc", "ab"}, {"ab", "ab-"}, {"ab--c", "ab"}}) {
    const std::string o = outer, i = inner;
    EXPECT_EQ(outline(crlf("Content-Type: multipart/mixed; boundary=" + o + "\n\n--" + o +
                           "\nContent-Type: multipart/mixed; boundary=" + i + "\n\n--" + i + "\n\n1\n--" + i +
                           "--\n--" + o + "\n\n2\n--" + o + "--\n")),
              expected);
  }
}

TEST(MimeScanner, OuterDelimiterEndsInnerMultiparts) {
  const std::string message = crlf(
      "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n"
      "--i\n\n1\n--o\n\n2\n--o--\n");
  EXPECT_EQ(outline(message), "multipart/mixed@(multipart/mixed@1(text/plain@1.1[1]) text/plain@2[2])");
  EXPECT_EQ(scan(message).defects, std::vector<std::string>{"a multipart has no closing delimiter"});
}

TEST(MimeScanner, OuterDelimiterEndsAnInnerMessage) {
  EXPECT_EQ(outline(crlf("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: "
                         "message/rfc822\n\nSubject: a\n--o\n\n2\n--o--")),
            "multipart/mixed@(message/rfc822@1(text/plain@1.1[]) text/plain@2[2])");
}

TEST(MimeScanner, DelimiterMayEndInWhiteSpaceAndNothingElse) {
  EXPECT_EQ(
      outline(
          crlf("Content-Type: multipart/mixed; boundary=x\n\n--x \t\n\n--xy\n --x\n--x -\n--x--y\n--x-- \n")),
      crlf("multipart/mixed@(text/plain@1[--xy\n --x\n--x -\n--x--y])"));
}

TEST(MimeScanner, BareLineFeedsEndLinesToo) {
  EXPECT_EQ(outline("Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n\n--x\nA: b\n\nc\r\n--x--\n"),
            "multipart/mixed@(text/plain@1[a\n] text/plain@2[c])");
}

TEST(MimeScanner, CarriageReturnsAloneAreBody) {
  EXPECT_EQ(outline("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\r\r\n--x--\r\n"),
            "multipart/mixed@(text/plain@1[a\r])");
  EXPECT_EQ(outline("A: b\r\n\r\na\r--x\r"), "text/plain@1[a\r--x\r]");
}

TEST(MimeScanner, MessageWithoutHeaderIsBody) {
  const Structure structure = scan("Hello Ann,\r\nhow are you?\r\n");
  EXPECT_EQ(structure.root.header.size, 0u);
  EXPECT_EQ(structure.root.body.size, 26u);
  EXPECT_EQ(structure.defects, std::vector<std::string>{"the message has no header"});
}

TEST(MimeScanner, HeaderMayEndWithTheMessage) {
  const Structure structure = scan("Subject: only\r\nContent-Type: text/html");
  EXPECT_EQ(structure.root.type, "text/html");
  EXPECT_EQ(structure.root.body, (schema::ByteRange{38, 0}));
  EXPECT_EQ(structure.root.digest, sha256(""));
}

TEST(MimeScanner, LineThatIsNoFieldBeginsTheBody) {
  const std::string message = crlf("Subject: a\nnot a field\nB: c\n\nd");
  EXPECT_EQ(outline(message), crlf("text/plain@1[not a field\nB: c\n\nd]"));
  EXPECT_EQ(scan(message).defects, std::vector<std::string>{"a header ends without an empty line"});
}

TEST(MimeScanner, LineOfAnMboxIsSkipped) {
  const Structure structure = scan(crlf("From ann@example.test Fri Nov 20 16:25:30 2026\nSubject: a\n\nb"));
  ASSERT_EQ(structure.header.size(), 1u);
  EXPECT_EQ(structure.header[0].value, "a");
}

TEST(MimeScanner, FieldsKeepNameValueAndRange) {
  const std::string message = crlf("Subject : a\n\tb \nX-Empty:\nX-8bit: caf\xc3\xa9\n\n");
  const Structure structure = scan(message);
  ASSERT_EQ(structure.header.size(), 3u);
  EXPECT_EQ(structure.header[0], (RawField{"Subject", "a\tb", {0, 18}}));
  EXPECT_EQ(structure.header[1], (RawField{"X-Empty", "", {18, 10}}));
  EXPECT_EQ(structure.header[2].value, "caf\xc3\xa9");
  EXPECT_EQ(structure.header[2].range.end(), message.size() - 2);
}

TEST(MimeScanner, PartsTellTypeNameAndEncoding) {
  const schema::Part part =
      scan(
          crlf(
              "Content-Type: Image/PNG; Name=\"x.png\"\nContent-Transfer-Encoding: BASE64 (yes)\n"
              "Content-Disposition: Attachment; filename=\"=?utf-8?q?J=C3=B6.png?=\"\nContent-ID: <a@b>\n\n"))
          .root;
  EXPECT_EQ(part.type, "image/png");
  EXPECT_EQ(part.encoding, "base64");
  EXPECT_EQ(part.disposition, "attachment");
  EXPECT_EQ(part.filename, "Jö.png");
  EXPECT_EQ(part.content_id, "a@b");
}

TEST(MimeScanner, BadTypeIsPlainText) {  // RFC 2045 section 5.2
  for (const char* type :
       {"text", "", "/", "text/", "text/plain/x", "te xt/plain", "\"text/plain\"", ";charset=x"}) {
    EXPECT_EQ(scan(std::string("Content-Type: ") + type + "\r\n\r\n").root.type, "text/plain") << type;
  }
}

TEST(MimeScanner, FirstContentTypeCounts) {
  EXPECT_EQ(
      scan(crlf("Content-Type: text/html\nContent-Type: multipart/mixed; boundary=x\n\n--x\n")).root.type,
      "text/html");
}

TEST(MimeScanner, MultipartWithoutBoundaryOrPartsIsText) {
  for (const char* head :
       {"multipart/mixed", "multipart/mixed; boundary=\"\"", "multipart/mixed; boundary=y"}) {
    const std::string message = std::string("Content-Type: ") + head + "\r\n\r\nlost\r\n--x\r\n";
    EXPECT_EQ(outline(message), "text/plain@1[lost\r\n--x\r\n]");
    EXPECT_EQ(scan(message).root.digest, sha256("lost\r\n--x\r\n"));
    EXPECT_EQ(scan(message).defects.size(), 1u);
  }
}

TEST(MimeScanner, InnerMultipartWithoutPartsKeepsItsNumber) {
  EXPECT_EQ(outline(crlf("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; "
                         "boundary=i\n\nlost\n--o--")),
            "multipart/mixed@(text/plain@1[lost])");
}

TEST(MimeScanner, EncodedMultipartIsReadAllTheSame) {
  EXPECT_EQ(
      outline(crlf(
          "Content-Type: multipart/mixed; boundary=x\nContent-Transfer-Encoding: base64\n\n--x\n\na\n--x--")),
      "multipart/mixed@(text/plain@1[a])");
}

TEST(MimeScanner, RestBehindTheLastAllowedPartIsOpaque) {
  const std::string message =
      crlf("Content-Type: multipart/mixed; boundary=x\n\n--x\n\n1\n--x\n\n2\n--x\n\n3\n--x--\n");
  EXPECT_EQ(outline(message, {.parts = 3}),
            crlf("multipart/mixed@(text/plain@1[1] application/octet-stream@2[\n2\n--x\n\n3\n--x--\n])"));
  EXPECT_EQ(
      outline(message, {.parts = 4}),
      crlf("multipart/mixed@(text/plain@1[1] text/plain@2[2] application/octet-stream@3[\n3\n--x--\n])"));
}

TEST(MimeScanner, AThousandPartsAreTheMost) {
  std::string message = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
  for (int i = 0; i < 5000; ++i) message += "--x\r\n\r\n\r\n";
  const Structure structure = scan(message);
  EXPECT_EQ(structure.root.children.size(), 999u);
  EXPECT_EQ(structure.root.children.back().body.end(), message.size());
}

TEST(MimeScanner, DeeperMultipartsAreOpaqueAndOuterOnesGoOn) {
  std::string message;
  for (int i = 0; i < 60; ++i)
    message += "Content-Type: multipart/mixed; boundary=x" + std::to_string(i) + "\r\n\r\n--x" +
               std::to_string(i) + "\r\n";
  message += "\r\ndeep\r\n--x0\r\n\r\nafter\r\n--x0--\r\n";
  const Structure structure = scan(message);
  std::size_t depth = 0;
  for (const schema::Part* part = &structure.root; !part->children.empty(); part = &part->children.front()) {
    ++depth;
    const schema::Part& first = part->children.front();
    EXPECT_EQ(first.type, first.children.empty() ? "application/octet-stream" : "multipart/mixed");
  }
  EXPECT_EQ(depth, 50u);
  EXPECT_EQ(outline(structure.root.children[1], message), "text/plain@2[after]");
}

TEST(MimeScanner, HeaderOverItsLimitIsCountedAndNotKept) {
  std::string message = "Content-Type: text/html\r\n";
  for (int i = 0; i < 10000; ++i) message += "X-Filler: " + std::to_string(i) + "\r\n";
  const std::size_t header = message.size() + 2;
  const Structure structure = scan(message + "\r\nbody");
  EXPECT_EQ(structure.root.header.size, header);
  EXPECT_EQ(structure.root.type, "text/html");
  EXPECT_EQ(structure.header.size(), 1000u);
  EXPECT_EQ(structure.defects.size(), 2u);
}

TEST(MimeScanner, FieldOverTheLimitIsLeftOutAlone) {
  const Structure structure = scan("A: 1\r\nB: " + std::string(100000, 'x') + "\r\nC: 2\r\n\r\n");
  ASSERT_EQ(structure.header.size(), 1u);
  EXPECT_EQ(structure.header[0].name, "A");
}

TEST(MimeScanner, HeadersOfAllPartsTogetherAreBounded) {
  std::string message = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
  for (int i = 0; i < 100; ++i) message += "--x\r\nA: " + std::string(60000, 'a') + "\r\n\r\nb\r\n";
  const Structure structure = scan(message);
  EXPECT_LT(structure.root.children.size(), 12u);
  EXPECT_EQ(structure.root.children.back().type, "application/octet-stream");
}

TEST(MimeScanner, LinesCountALastOneWithoutItsEnd) {
  EXPECT_EQ(scan("A: b\r\n\r\n").root.lines, 0u);
  EXPECT_EQ(scan("A: b\r\n\r\nx").root.lines, 1u);
  EXPECT_EQ(scan("A: b\r\n\r\nx\r\n").root.lines, 1u);
  EXPECT_EQ(scan("A: b\r\n\r\n\r\n\r\nx").root.lines, 3u);
  const Structure structure = scan(crlf("Content-Type: multipart/mixed; boundary=x\n\n--x\n\n1\n2\n\n--x--\n"));
  EXPECT_EQ(structure.root.lines, 6u);
  EXPECT_EQ(structure.root.children[0].lines, 2u);
}

TEST(MimeScanner, KeepsTheFirstTextForThePreview) {
  const Structure structure =
      scan(crlf("Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: "
                "text/html\n\n<p>\n--x\nContent-Disposition: attachment\n\nno\n"
                "--x\nContent-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: "
                "base64\n\nyes\n--x\n\nsecond\n--x--"));
  EXPECT_EQ(structure.text, (TextSample{"3", false, "base64", "koi8-r", "yes"}));
  EXPECT_EQ(scan("A: b\r\n\r\n" + std::string(100000, 'x')).text.bytes.size(), kPlainSampleBytes);
}

TEST(MimeScanner, KeepsContentFieldsOfInnerParts) {
  const Structure structure =
      scan(crlf("Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: "
                "audio/basic\nContent-Duration: 5\nX-Other: a\n\n--x--"));
  EXPECT_EQ(structure.content_fields, (std::vector<PartField>{{"1", "Content-Duration", "5"}}));
}

}  // namespace
}  // namespace telepost::transcoders::mime
