#include "transcoders/mime/builder.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/sha256.h"
#include "transcoders/mime/entity.h"

namespace telepost::transcoders::mime {
namespace {

enum class MimeVersion { plain, voice };

bool is_message_id(std::string_view id) {
  if (id.empty() || id.size() > 900) return false;
  for (const char c : id) {
    if (c <= 0x20 || c >= 0x7f || c == '<' || c == '>') return false;
  }
  return true;
}

Result<void> append_ids(std::string& header, std::string_view name, const std::vector<std::string>& ids) {
  std::string list;
  for (const std::string& id : ids) {
    if (!is_message_id(id)) return {Errc::invalid, fmt::format("{} has a malformed message id", name)};
    list += (list.empty() ? "<" : " <") + id + ">";
  }
  return list.empty() ? Result<void>() : append_field(header, name, list);
}

std::string id_from_content(const MessageFields& fields, const Entity& entity) {
  Sha256 hasher;
  hasher.update(to_rfc3339(fields.date) + fields.from.address + '\n' + fields.subject + '\n');
  for (const Mailbox& mailbox : fields.to) hasher.update(mailbox.address + '\n');
  for (const schema::HeaderField& field : fields.more) hasher.update(field.name + ':' + field.value + '\n');
  hasher.update(entity.body);
  const std::size_t at = fields.from.address.rfind('@');
  return to_hex(hasher.finish()).substr(0, 32) +
         (at == std::string::npos ? std::string("@localhost") : fields.from.address.substr(at));
}

Result<void> append_urgency(std::string& header, const MessageFields& fields) {
  if (fields.importance != schema::Importance::normal) {
    TELEPOST_TRY(append_field(header, "Importance", schema::name_of(fields.importance)));
  }
  switch (fields.sensitivity) {
    case schema::Sensitivity::none: return {};
    case schema::Sensitivity::personal: return append_field(header, "Sensitivity", "Personal");
    case schema::Sensitivity::confidential: return append_field(header, "Sensitivity", "Private");
    case schema::Sensitivity::company: return append_field(header, "Sensitivity", "Company-Confidential");
  }
  return {};
}

// The message: header in a fixed order, then the entity. context: the value of Message-Context, "" for none.
Result<std::string> assemble(const MessageFields& fields, std::string_view context, const Entity& entity,
                             MimeVersion version = MimeVersion::plain) {
  std::string header;
  TELEPOST_TRY(append_field(header, "Date", to_rfc5322_date(fields.date)));
  TELEPOST_TRY(append_mailboxes(header, "From", {fields.from}));
  if (!fields.to.empty()) TELEPOST_TRY(append_mailboxes(header, "To", fields.to));
  if (!fields.cc.empty()) TELEPOST_TRY(append_mailboxes(header, "Cc", fields.cc));
  if (!fields.subject.empty()) TELEPOST_TRY(append_text_field(header, "Subject", fields.subject));
  const std::string id = fields.message_id.empty() ? id_from_content(fields, entity) : fields.message_id;
  TELEPOST_TRY(append_ids(header, "Message-ID", {id}));
  if (!fields.in_reply_to.empty()) TELEPOST_TRY(append_ids(header, "In-Reply-To", {fields.in_reply_to}));
  TELEPOST_TRY(append_ids(header, "References", fields.references));
  TELEPOST_TRY(append_urgency(header, fields));
  if (!context.empty()) TELEPOST_TRY(append_field(header, "Message-Context", context));
  for (const schema::HeaderField& field : fields.more) {
    TELEPOST_TRY(append_text_field(header, field.name, field.value));
  }
  header += version == MimeVersion::voice ? "MIME-Version: 1.0 (Voice 2.0)\r\n" : "MIME-Version: 1.0\r\n";
  return header + entity.fields + "\r\n" + entity.body;
}

Result<void> require_type(const MediaPart& media, std::string_view prefix) {
  if (media.type.starts_with(prefix)) return {};
  return {Errc::invalid, fmt::format("the part is '{}', not {}", clean_text(media.type.substr(0, 80)), prefix)};
}

// The media alone, or behind a text.
Result<Entity> with_text(std::string_view text, Entity media) {
  if (text.empty()) return media;
  std::vector<Entity> children;
  children.push_back(text_entity("plain", text));
  children.push_back(std::move(media));
  return multipart_entity("mixed", "", children);
}

// RFC 2387: the root first, its type named; what it shows behind it, found by Content-ID.
Result<Entity> with_related(Entity html, const std::vector<MediaPart>& related) {
  std::vector<Entity> children;
  children.push_back(std::move(html));
  for (const MediaPart& part : related) {
    if (part.content_id.empty()) return {Errc::invalid, "what HTML shows needs a content id"};
    TELEPOST_ASSIGN(Entity child, media_entity(part, Disposition::inlined));
    children.push_back(std::move(child));
  }
  return multipart_entity("related", "; type=\"text/html\"", children);
}

}  // namespace

Result<std::string> build_voice(const MessageFields& fields, const MediaPart& message,
                                const std::optional<MediaPart>& spoken_name) {
  TELEPOST_TRY(require_type(message, "audio/"));
  std::vector<Entity> children;
  if (spoken_name) {
    TELEPOST_TRY(require_type(*spoken_name, "audio/"));
    TELEPOST_ASSIGN(Entity name,
                    media_entity(*spoken_name, Disposition::inlined, "; voice=Originator-Spoken-Name"));
    children.push_back(std::move(name));
  }
  TELEPOST_ASSIGN(Entity voice, media_entity(message, Disposition::inlined, "; voice=Voice-Message"));
  children.push_back(std::move(voice));
  TELEPOST_ASSIGN(const Entity entity, multipart_entity("voice-message", "; version=2.0", children));
  return assemble(fields, "voice-message", entity, MimeVersion::voice);
}

Result<std::string> build_fax(const MessageFields& fields, const MediaPart& tiff, std::string_view cover_text) {
  TELEPOST_TRY(require_type(tiff, "image/tiff"));
  TELEPOST_ASSIGN(Entity pages, media_entity(tiff, Disposition::attachment, "", "; application=faxbw"));
  TELEPOST_ASSIGN(const Entity entity, with_text(cover_text, std::move(pages)));
  return assemble(fields, "fax-message", entity);
}

Result<std::string> build_sms(const MessageFields& fields, std::string_view text) {
  return assemble(fields, "pager-message", text_entity("plain", text));
}

Result<std::string> build_mms(const MessageFields& fields, std::string_view smil,
                              const std::vector<MediaPart>& parts) {
  std::vector<Entity> children;
  if (!smil.empty()) {
    MediaPart presentation{"application/smil", std::string(smil), "", "smil", "", std::nullopt};
    TELEPOST_ASSIGN(Entity entity, media_entity(presentation, Disposition::none, "", "; charset=utf-8"));
    children.push_back(std::move(entity));
  }
  for (const MediaPart& part : parts) {
    if (part.type == "text/plain") {
      children.push_back(text_entity("plain", part.bytes));
      if (!part.content_id.empty()) {
        TELEPOST_TRY(append_field(children.back().fields, "Content-ID", "<" + part.content_id + ">"));
      }
      continue;
    }
    TELEPOST_ASSIGN(Entity entity, media_entity(part, Disposition::inlined));
    children.push_back(std::move(entity));
  }
  if (children.empty()) return {Errc::invalid, "a multimedia message needs a part"};
  const bool related = !smil.empty();
  TELEPOST_ASSIGN(const Entity entity,
                  multipart_entity(related ? "related" : "mixed",
                                   related ? "; type=\"application/smil\"; start=\"<smil>\"" : "", children));
  return assemble(fields, "multimedia-message", entity);
}

Result<std::string> build_video(const MessageFields& fields, const MediaPart& video, std::string_view text) {
  TELEPOST_TRY(require_type(video, "video/"));
  TELEPOST_ASSIGN(Entity media, media_entity(video, Disposition::inlined));
  TELEPOST_ASSIGN(const Entity entity, with_text(text, std::move(media)));
  return assemble(fields, "video-message", entity);
}

Result<std::string> build_image(const MessageFields& fields, const MediaPart& image, std::string_view text) {
  TELEPOST_TRY(require_type(image, "image/"));
  TELEPOST_ASSIGN(Entity media, media_entity(image, Disposition::inlined));
  TELEPOST_ASSIGN(const Entity entity, with_text(text, std::move(media)));
  return assemble(fields, "multimedia-message", entity);
}

Result<std::string> build_text(const MessageFields& fields, std::string_view text) {
  return assemble(fields, "text-message", text_entity("plain", text));
}

Result<std::string> build_email(const MessageFields& fields, std::string_view text, std::string_view html,
                                const std::vector<MediaPart>& attachments,
                                const std::vector<MediaPart>& related) {
  if (html.empty() && !related.empty()) return {Errc::invalid, "what HTML shows needs HTML"};
  Entity entity = text_entity("plain", text);
  if (!html.empty()) {
    std::vector<Entity> both;
    both.push_back(std::move(entity));
    both.push_back(text_entity("html", html));
    if (!related.empty()) {
      TELEPOST_ASSIGN(both.back(), with_related(std::move(both.back()), related));
    }
    TELEPOST_ASSIGN(entity, multipart_entity("alternative", "", both));
  }
  if (!attachments.empty()) {
    std::vector<Entity> children;
    children.push_back(std::move(entity));
    for (const MediaPart& attachment : attachments) {
      TELEPOST_ASSIGN(Entity child, media_entity(attachment, Disposition::attachment));
      children.push_back(std::move(child));
    }
    TELEPOST_ASSIGN(entity, multipart_entity("mixed", "", children));
  }
  return assemble(fields, "", entity);
}

Result<Mailbox> mailbox_of(std::string_view address, std::string_view domain) {
  Mailbox mailbox;
  if (address.empty()) mailbox.address = fmt::format("non-mail-user@{}", domain);
  else if (address.starts_with("tel:")) mailbox.address = fmt::format("{}@{}", address.substr(4), domain);
  else if (address.starts_with("mailto:")) mailbox.address = address.substr(7);
  else if (address.starts_with("sip:")) mailbox.address = address.substr(4, address.find_first_of(";?") - 4);
  std::string header;
  TELEPOST_TRY(append_mailboxes(header, "From", {mailbox}));
  return mailbox;
}

}  // namespace telepost::transcoders::mime
