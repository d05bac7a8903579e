// Body structure, plain text, safe HTML and names: what every reader shows.
#include "transcoders/mime/rendition.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "transcoders/mime/body.h"
#include "transcoders/mime/flowed.h"
#include "transcoders/mime/scanner.h"

namespace telepost::transcoders::mime {
namespace {

ReadRange reader_of(const std::string& message) {
  return [&message](schema::ByteRange range) -> Result<std::string> { return message.substr(range.offset, range.size); };
}

std::string text_of(const std::string& message) { return plain_text(scan(message).root, reader_of(message))->text; }

std::string ids(const std::vector<const schema::Part*>& parts) {
  std::string list;
  for (const schema::Part* part : parts) list += (list.empty() ? "" : " ") + part->id;
  return list;
}

std::string multipart(const std::string& type, const std::string& boundary, const std::vector<std::string>& parts) {
  std::string text = "Content-Type: multipart/" + type + "; boundary=" + boundary + "\n\n";
  for (const std::string& part : parts) text += "--" + boundary + "\n" + part + "\n";
  return text + "--" + boundary + "--\n";
}
std::string leaf(const std::string& type, const std::string& disposition = "") {
  return "Content-Type: " + type + (disposition.empty() ? "" : "\nContent-Disposition: " + disposition) + "\n\nx";
}

// The example of RFC 8621 section 4.1.4, with its letters in the comments.
TEST(MimeBody, FollowsTheExampleOfTheRfc) {
  const std::string message = multipart("mixed", "m1", {
      leaf("text/plain", "inline"),                                                          // A: 1
      multipart("mixed", "m2", {
          multipart("alternative", "m3", {
              multipart("mixed", "m4", {leaf("text/plain", "inline"),                        // B: 2.1.1.1
                                        leaf("image/jpeg", "inline"),                        // C: 2.1.1.2
                                        leaf("text/plain", "inline")}),                      // D: 2.1.1.3
              multipart("related", "m5", {leaf("text/html"),                                 // E: 2.1.2.1
                                          leaf("image/jpeg")})}),                            // F: 2.1.2.2
          leaf("image/jpeg", "attachment"),                                                  // G: 2.2
          leaf("application/x-excel"),                                                       // H: 2.3
          leaf("message/rfc822")}),                                                          // J: 2.4
      leaf("text/plain", "inline")});                                                        // K: 3
  const Structure structure = scan(message);
  const BodyStructure body = body_structure(structure.root);
  EXPECT_EQ(ids(body.text), "1 2.1.1.1 2.1.1.2 2.1.1.3 3");
  EXPECT_EQ(ids(body.html), "1 2.1.2.1 3");
  EXPECT_EQ(ids(body.attachments), "2.1.1.2 2.1.2.2 2.2 2.3 2.4");
  EXPECT_TRUE(body.has_attachment);
}

TEST(MimeBody, AnAlternativeOfOneFormServesBoth) {
  const Structure structure = scan(multipart("alternative", "b", {leaf("text/html"), leaf("application/json")}));
  const BodyStructure body = body_structure(structure.root);
  EXPECT_EQ(ids(body.text), "1");
  EXPECT_EQ(ids(body.html), "1");
  EXPECT_EQ(ids(body.attachments), "2");
}

TEST(MimeBody, ASignatureIsNoAttachmentToOffer) {
  EXPECT_FALSE(body_structure(scan(multipart("signed", "b", {leaf("text/plain"), leaf("application/pgp-signature")})).root)
                   .has_attachment);
  EXPECT_FALSE(body_structure(scan(leaf("text/plain")).root).has_attachment);
  EXPECT_TRUE(body_structure(scan(leaf("application/pdf")).root).has_attachment);
  EXPECT_FALSE(body_structure(scan(leaf("application/pdf", "inline")).root).has_attachment);
}

TEST(MimeBody, FragmentsSayWhatTheyBelongTo) {
  EXPECT_EQ(fragment_of({{"Content-Type", "message/partial; number=2; total=3; id=\"oc=jpbe0M2Yt4s@host.com\""}}),
            (Fragment{"oc=jpbe0M2Yt4s@host.com", 2, 3}));
  EXPECT_EQ(fragment_of({{"content-type", "Message/Partial; number=1; id=a"}}), (Fragment{"a", 1, 0}));
  EXPECT_EQ(fragment_of({{"Content-Type", "message/partial; number=0; id=a"}}), std::nullopt);
  EXPECT_EQ(fragment_of({{"Content-Type", "message/partial; number=1"}}), std::nullopt);
  EXPECT_EQ(fragment_of({{"Content-Type", "text/plain; number=1; id=a"}}), std::nullopt);
  EXPECT_EQ(fragment_of({}), std::nullopt);
}

// RFC 3676 sections 4.2 to 4.6.
TEST(MimeFlowed, JoinsWhatTheSenderCut) {
  const TextFormat flowed{true, false};
  EXPECT_EQ(unflow("one \ntwo \nthree\nfour\n", flowed), "one two three\nfour\n");
  EXPECT_EQ(unflow(">> a \n>> b\n> c\n d\n", flowed), ">> a b\n> c\nd\n");
  EXPECT_EQ(unflow("text \n-- \nAnn\n", flowed), "text \n-- \nAnn\n");
  EXPECT_EQ(unflow(" From here\n >not quoted\n", flowed), "From here\n>not quoted\n");
  EXPECT_EQ(unflow("a \n> b\n", flowed), "a \n> b\n");
  EXPECT_EQ(unflow("漢 \n字\n", TextFormat{true, true}), "漢字\n");
  EXPECT_EQ(unflow("a \nb\n", TextFormat{}), "a \nb\n");
  EXPECT_EQ(text_format_of("X: y\r\nContent-Type: text/plain; Format=Flowed; DelSp=\"Yes\"\r\n\r\n"), (TextFormat{true, true}));
  EXPECT_EQ(text_format_of("Content-Type: text/plain; format=fixed\r\n\r\n"), TextFormat{});
}

TEST(MimeRendition, TextIsDecodedAndFlowsAgain) {
  EXPECT_EQ(text_of("Content-Type: text/plain; charset=iso-8859-1; format=flowed\nContent-Transfer-Encoding: quoted-printable\n\n"
                    "caf=E9 =\n\nis open\n"),
            "café is open\n");
  EXPECT_EQ(text_of("Content-Type: text/html; charset=utf-8\n\n<title>t</title><p>Hello<br>Ann</p><ul><li>one<li>two</ul>"
                    "<p>a &lt; b</p><style>p{}</style>"),
            "Hello\nAnn\n\n- one\n- two\n\na < b\n");
  EXPECT_EQ(text_of(multipart("mixed", "b", {"\none\n", leaf("image/png"), "Content-Type: text/html\n\n<b>two</b>"})), "one\ntwo\n");
}

TEST(MimeRendition, HtmlIsSanitisedAndTextIsEscaped) {
  const std::string message = multipart("mixed", "b", {"\n1 < 2", "Content-Type: text/html\n\n<b onclick=x>two</b><img src=cid:a>"});
  const auto html = safe_html(scan(message).root, reader_of(message));
  ASSERT_TRUE(html.ok());
  EXPECT_EQ(html->html, "<div>1 &lt; 2</div><hr><div><b>two</b><img src=\"cid:a\"></div>");
  EXPECT_EQ(html->content_ids, std::vector<std::string>{"a"});
}

TEST(MimeRendition, MoreThanTheLimitIsSaidToBeCut) {
  const std::string message = "Content-Type: text/plain\n\n" + std::string(kMaxTextBytes + 10, 'x');
  const auto text = plain_text(scan(message).root, reader_of(message));
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(text->text.size(), kMaxTextBytes);
  EXPECT_TRUE(text->truncated);
}

TEST(MimeRendition, AnErrorOfTheSourceComesBack) {
  const ReadRange broken = [](schema::ByteRange) -> Result<std::string> { return {Errc::corrupt, "gone"}; };
  EXPECT_EQ(plain_text(scan("\nx").root, broken).error().kind, Errc::corrupt);
  EXPECT_EQ(safe_html(scan("\nx").root, broken).error().kind, Errc::corrupt);
}

TEST(MimeNames, AreSafeOnAnySystem) {
  EXPECT_EQ(safe_name("report.pdf", "application/pdf"), "report.pdf");
  EXPECT_EQ(safe_name("../../etc/passwd", "text/plain"), "passwd.txt");
  EXPECT_EQ(safe_name("C:\\Windows\\x.exe", "application/octet-stream"), "x.exe");
  EXPECT_EQ(safe_name("", "image/png"), "image.png");
  EXPECT_EQ(safe_name("...", "application/x-unknown"), "attachment");
  EXPECT_EQ(safe_name(".bashrc", "text/plain"), "bashrc.txt");
  EXPECT_EQ(safe_name("invoice\u202Efdp.exe", "application/pdf"), "invoicefdp.exe");
  EXPECT_EQ(safe_name("a\u200Bb\uFEFF.txt", "text/plain"), "ab.txt");
  EXPECT_EQ(safe_name("a\r\nb\tc.txt", "text/plain"), "a b c.txt");
  EXPECT_EQ(safe_name("con.txt", "text/plain"), "_con.txt");
  EXPECT_EQ(safe_name("LPT1", "text/plain"), "_LPT1.txt");
  EXPECT_EQ(safe_name("a<b>:c|d?e*.txt", "text/plain"), "a_b__c_d_e_.txt");
  EXPECT_EQ(safe_name("Größe 漢字.docx", ""), "Größe 漢字.docx");
  EXPECT_EQ(safe_name("x/", "text/plain"), "text.txt");
  const std::string cut = safe_name(std::string(300, 'x') + ".jpeg", "image/jpeg");
  EXPECT_EQ(cut, std::string(kMaxNameBytes - 5, 'x') + ".jpeg");
}

TEST(MimeNames, AreDifferentWithinAMessage) {
  const Structure structure = scan(multipart("mixed", "b", {"\ntext", leaf("image/png; name=a.png", "attachment"),
                                                           leaf("image/png; name=A.PNG", "attachment"),
                                                           leaf("image/png; name=\"a (2).png\"", "attachment"),
                                                           leaf("image/png", "inline")}));
  std::vector<std::string> names;
  for (const Attachment& each : attachments_of(structure.root)) names.push_back(each.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a.png", "A (2).PNG", "a (2) (2).png", "image.png"}));
}

}  // namespace
}  // namespace telepost::transcoders::mime
