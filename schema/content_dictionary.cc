#include "schema/content_dictionary.h"

namespace telepost::schema {
namespace {

// What is met most often stands last: it costs the fewest bits to point at.
constexpr std::string_view kFirst =
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nPrecedence: bulk\r\nAuto-Submitted: auto-generated\r\n"
    "X-Mailer: X-Priority: Importance: Sensitivity: Private\r\nReply-To: Cc: In-Reply-To: References: Sender: Organization: "
    "User-Agent: Return-Path: <Delivered-To: ARC-Seal: ARC-Message-Signature: ARC-Authentication-Results: i=1; "
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=; s=; h=from:to:subject:date:message-id:mime-version:content-type; bh=; b="
    "Received-SPF: pass\r\nAuthentication-Results: ; spf=pass smtp.mailfrom=; dkim=pass header.d=; dmarc=pass header.from="
    " with ESMTPS id  (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256)\r\n\tfor <>; "
    "--\r\nContent-Type: message/rfc822\r\nContent-Type: multipart/related; boundary=\"Content-ID: <Content-Disposition: inline\r\n"
    "Content-Type: application/pdf; name=\"Content-Type: image/jpeg; name=\"Content-Type: image/png; name=\""
    "Content-Type: multipart/mixed; boundary=\"Content-Type: multipart/alternative; boundary=\""
    "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "<!DOCTYPE html><html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"></head><body>"
    "</p></div></td></tr></table></body></html>\r\n"
    "<part id=\"1.1\" type=\"text/html\" charset=\"utf-8\" encoding=\"quoted-printable\" header-offset=\""
    "<part id=\"2\" type=\"image/jpeg\" disposition=\"attachment\" filename=\"\" encoding=\"base64\" content-id=\""
    "<part id=\"1\" type=\"multipart/alternative\" <defects><defect></defect></defects>"
    " importance=\"high\" sensitivity=\"confidential\" identity=\"\" redirected-from=\"tel:+\" reason=\"busy\" reason=\"unconditional\" "
    "presentation=\"restricted\" resolution=\"fine\" remote-id=\"\" result=\"ok\" segments-missing=\"<video codec=\"\" width=\"\" height=\""
    "MIME-Version: 1.0 (Voice 2.0)\r\nContent-Type: multipart/voice-message; version=2.0; boundary=\"Message-Context: voice-message\r\n"
    "Content-Type: audio/wav\r\nContent-Type: audio/basic\r\nContent-Duration: Content-Description: \r\n"
    "Content-Disposition: inline; voice=Voice-Message; filename=\"message.wav\"\r\nContent-Transfer-Encoding: base64\r\n\r\nUklGR"
    "Content-Type: image/tiff; application=faxbw\r\nContent-Disposition: attachment; filename=\"fax.tiff\"\r\nMessage-Context: fax-message\r\n"
    "Subject: Fax from +Subject: Voice message from +Subject: SMS from +Telepost-Kind: Telepost-Caller: tel:+Telepost-Called: tel:+"
    "Telepost-Presentation: allowed\r\nTelepost-Start: Telepost-Duration: PTTelepost-Codec: Telepost-Call-Id: Telepost-Result: Telepost-Pages: "
    "<part id=\"0\" type=\"multipart/mixed\" header-offset=\"<part id=\"2\" type=\"audio/wav\" disposition=\"attachment\" filename=\"message.wav\" "
    "encoding=\"base64\" header-offset=\"<part id=\"2\" type=\"image/tiff\" disposition=\"attachment\" filename=\"fax.tiff\" encoding=\"base64\" "
    "</part></part><fax pages=\"1\" resolution=\"\" caller=\"tel:+\" called=\"tel:+</part></part><voice duration=\"PT\" caller=\"tel:+\" called=\"tel:+"
    "presentation=\"allowed\" codec=\"\" call-id=\"\" start=\"20</part><sms coding=\"gsm7\" segments=\"1\" caller=\"tel:+\" called=\"tel:+\"/></document>"
    "<field name=\"Content-Type\">multipart/mixed; boundary=\"</field><field name=\"Content-Type\">text/plain; charset=utf-8</field>"
    "<field name=\"Content-Transfer-Encoding\">quoted-printable</field><field name=\"Content-Transfer-Encoding\">base64</field>"
    "<field name=\"Content-Transfer-Encoding\">8bit</field><field name=\"Content-Transfer-Encoding\">7bit</field>"
    "<field name=\"DKIM-Signature\">v=1; a=rsa-sha256; c=relaxed/relaxed; d=</field><field name=\"Authentication-Results\">"
    "<field name=\"In-Reply-To\">&lt;</field><field name=\"References\">&lt;</field><field name=\"Reply-To\"><field name=\"Cc\">"
    "<field name=\"Sender\"><field name=\"List-Id\"><field name=\"List-Unsubscribe\">&lt;https://</field><field name=\"User-Agent\">"
    "<field name=\"X-Mailer\"><field name=\"Importance\"><field name=\"Precedence\">bulk</field><field name=\"Auto-Submitted\">"
    "<field name=\"Telepost-Kind\"><field name=\"Telepost-Caller\">tel:+<field name=\"Telepost-Called\">tel:+<field name=\"Telepost-Duration\">PT"
    "<field name=\"Message-Context\"><field name=\"MIME-Version\">1.0</field><field name=\"Mime-Version\">1.0</field>"
    "Content-Type: text/plain; charset=us-ascii\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    "Content-Transfer-Encoding: 7bit\r\nMIME-Version: 1.0\r\nFrom: \"\" <To: <Subject: Re: Subject: Date: Mon, 1 Jan 2026 00:00:00 +0000\r\n"
    "Tue, Wed, Thu, Fri, Sat, Sun, Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec 2027 Message-ID: <Message-Id: <"
    "Return-Path: <>\r\nReceived: from  by  with LMTP id  for <; Received: from  by  with ESMTP id ; "
    "<document xmlns=\"urn:telepost:message:1\" id=\"\" kind=\"voice\" kind=\"fax\" kind=\"sms\" kind=\"mms\" kind=\"email\" received=\"2026-"
    "00:00.000Z\" size=\"\" trace-size=\"\" digest=\"\" importance=\"high\"><envelope from=\"mailto:\"><to address=\"mailto:\"/></envelope>"
    "<envelope from=\"\"><to address=\"tel:+\"/></envelope><origin network=\"sms\" peer=\"<origin network=\"smtp\" peer=\"127.0.0.1\" peer-name=\""
    "<origin network=\"lmtp\" peer=\"127.0.0.1\" peer-name=\"localhost\" trace=\"\"/><subject></subject><preview></preview><header>"
    "<field name=\"Received\">from <field name=\"Return-Path\">&lt;&gt;</field><field name=\"Date\">Mon, </field>"
    "<field name=\"From\"> &lt;</field><field name=\"To\">&lt;&gt;</field><field name=\"Subject\">Re: </field><field name=\"Message-ID\">&lt;"
    "&gt;</field></header><part id=\"1\" type=\"text/plain\" charset=\"us-ascii\" encoding=\"7bit\" header-offset=\"0\" header-size=\""
    "<part id=\"1\" type=\"text/plain\" charset=\"utf-8\" encoding=\"8bit\" header-offset=\"0\" header-size=\"\" body-offset=\"\" body-size=\"\" "
    "lines=\"1\" digest=\"\"/></document>";

}  // namespace

std::string_view content_dictionary(std::uint32_t number) { return number == 1 ? kFirst : std::string_view(); }

}  // namespace telepost::schema
