// Reports on mail as RFC 3464, RFC 6522 and RFC 6533 shape them.
#include "transcoders/mime/report.h"

#include <gtest/gtest.h>

#include "transcoders/mime/describe.h"
#include "transcoders/mime/scanner.h"
#include "transcoders/mime/transfer.h"

namespace telepost::transcoders::mime {
namespace {

DeliveryReport report_for_tests() {
  DeliveryReport report;
  report.host = "mx.example.test";
  report.to = "ann@example.net";
  report.date = *from_rfc3339("2026-11-20T16:25:30Z");
  report.arrived = *from_rfc3339("2026-11-20T12:00:00Z");
  report.id = "r1";
  report.envid = "QQ314159";
  report.header = "From: Ann <ann@example.net>\r\nMessage-ID: <1@example.net>\r\nReferences: <0@example.net>\r\nSubject: x\r\n";
  report.recipients = {{ReportAction::failed, "bob@example.org", "rfc822;Bob@example.org", "550 5.1.1 no such user", "mx.example.org",
                        *from_rfc3339("2026-11-20T16:00:00Z"), {}}};
  return report;
}

std::string part(const std::string& message, std::size_t index) {
  const Structure structure = scan(message);
  const schema::Part& child = structure.root.children.at(index);
  return decode_transfer(std::string_view(message).substr(child.body.offset, child.body.size), child.encoding);
}

TEST(MimeReport, IsShapedAsAReportOfDeliveryStatus) {  // RFC 6522 section 3
  const std::string message = build_report(report_for_tests());
  const Structure structure = scan(message);
  EXPECT_TRUE(structure.defects.empty());
  EXPECT_EQ(structure.root.type, "multipart/report");
  ASSERT_EQ(structure.root.children.size(), 3u);
  EXPECT_EQ(structure.root.children[0].type, "text/plain");
  EXPECT_EQ(structure.root.children[1].type, "message/delivery-status");
  EXPECT_EQ(structure.root.children[2].type, "text/rfc822-headers");
  EXPECT_NE(find_field(structure.header, "Content-Type")->find("report-type=delivery-status"), std::string::npos);
  EXPECT_EQ(*find_field(structure.header, "Auto-Submitted"), "auto-replied");
  EXPECT_EQ(*find_field(structure.header, "In-Reply-To"), "<1@example.net>");
  EXPECT_EQ(*find_field(structure.header, "References"), "<0@example.net> <1@example.net>");
}

TEST(MimeReport, TellsEachRecipientInAGroupOfItsOwn) {  // RFC 3464 section 2
  EXPECT_EQ(part(build_report(report_for_tests()), 1),
            "Reporting-MTA: dns; mx.example.test\r\n"
            "Original-Envelope-Id: QQ314159\r\n"
            "Arrival-Date: Fri, 20 Nov 2026 12:00:00 +0000\r\n"
            "\r\n"
            "Original-Recipient: rfc822; Bob@example.org\r\n"
            "Final-Recipient: rfc822; bob@example.org\r\n"
            "Action: failed\r\n"
            "Status: 5.1.1\r\n"
            "Remote-MTA: dns; mx.example.org\r\n"
            "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
            "Last-Attempt-Date: Fri, 20 Nov 2026 16:00:00 +0000\r\n");
}

TEST(MimeReport, ReadsTheStatusOutOfAReply) {  // RFC 3463 section 2
  const std::tuple<std::string_view, ReportAction, std::string_view> rows[] = {
      {"550 5.1.1 no such user", ReportAction::failed, "5.1.1"}, {"550-5.7.26 no", ReportAction::failed, "5.7.26"},
      {"550 no such user", ReportAction::failed, "5.0.0"},       {"451 4.7.1 later", ReportAction::delayed, "4.7.1"},
      {"451 later", ReportAction::delayed, "4.0.0"},             {"250 ok", ReportAction::relayed, "2.0.0"},
      {"", ReportAction::failed, "5.0.0"},                       {"550 5.1 x", ReportAction::failed, "5.0.0"},
      {"550 10.1.1 x", ReportAction::failed, "5.0.0"},           {"550 5.1.1.1 x", ReportAction::failed, "5.0.0"}};
  for (const auto& [reply, action, status] : rows) EXPECT_EQ(status_of(reply, action), status) << reply;
}

TEST(MimeReport, ReturnsTheWholeMessageOnlyAs7BitMail) {  // RFC 2046 section 5.2.1
  DeliveryReport report = report_for_tests();
  report.content = report.header + "\r\nbody\r\n";
  EXPECT_EQ(scan(build_report(report)).root.children.at(2).type, "message/rfc822");
  EXPECT_NE(build_report(report).find("\r\n\r\nbody\r\n"), std::string::npos);
  report.content = report.header + "\r\nb\xc3\xb6" "dy\r\n";
  EXPECT_EQ(scan(build_report(report)).root.children.at(2).type, "text/rfc822-headers");
}

TEST(MimeReport, CarriesForeignAddressesIn7BitAndToInternationalReadersAsTheyAre) {  // RFC 6533 section 3
  DeliveryReport report = report_for_tests();
  report.recipients[0].address = "j\xc3\xb6rg@example.org";
  EXPECT_NE(part(build_report(report), 1).find("Final-Recipient: utf-8; j\\x{F6}rg@example.org\r\n"), std::string::npos);
  report.to = "\xc3\xa4nn@example.net";
  EXPECT_TRUE(is_international(report));
  const std::string message = build_report(report);
  EXPECT_EQ(scan(message).root.children.at(1).type, "message/global-delivery-status");
  EXPECT_NE(part(message, 1).find("Final-Recipient: utf-8; j\xc3\xb6rg@example.org\r\n"), std::string::npos);
}

TEST(MimeReport, LetsNoPeerWriteFieldsOfItsOwn) {
  DeliveryReport report = report_for_tests();
  report.recipients[0].reply = "550 5.1.1 no\r\nAction: delivered\r\n\r\nFinal-Recipient: rfc822; eve@example.org";
  report.envid = "a\r\nB: c";
  report.header = "Message-ID: <a\r\n b> <c>\r\nReferences: <x\ry>\r\n";
  const std::string message = build_report(report);
  EXPECT_EQ(part(message, 1).find("\r\nAction: delivered"), std::string::npos);
  EXPECT_EQ(part(message, 1).find("\r\nB: c"), std::string::npos);
  EXPECT_EQ(scan(message).root.children.size(), 3u);
}

}  // namespace
}  // namespace telepost::transcoders::mime
