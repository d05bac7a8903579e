#include "transcoders/mime/body.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "transcoders/mime/fields.h"

namespace telepost::transcoders::mime {
namespace {

using Parts = std::vector<const schema::Part*>;

bool is_media(std::string_view type) {
  return type.starts_with("image/") || type.starts_with("audio/") || type.starts_with("video/");
}

bool is_signature(const schema::Part& multipart, std::size_t position) {
  return multipart.type == "multipart/signed" && position > 0;
}

// The algorithm of RFC 8621 section 4.1.4 on a multipart's children. text or html is null where an alternative has decided
// for the other one.
class Sorting {
 public:
  explicit Sorting(BodyStructure& into) : into_(into) {}

  void root(const schema::Part& part) {
    if (part.type.starts_with("multipart/")) children(part, part.type == "multipart/alternative", &into_.text, &into_.html);
    else leaf(part, "multipart/mixed", 0, false, false, &into_.text, &into_.html);
  }

 private:
  struct Lists {
    Parts* text;
    Parts* html;
  };

  void children(const schema::Part& multipart, bool in_alternative, Parts* text, Parts* html) {
    const std::size_t text_size = text == nullptr ? 0 : text->size();
    const std::size_t html_size = html == nullptr ? 0 : html->size();
    for (std::size_t i = 0; i < multipart.children.size(); ++i) {
      const schema::Part& part = multipart.children[i];
      if (part.type.starts_with("multipart/")) {
        children(part, in_alternative || part.type == "multipart/alternative", text, html);
        continue;
      }
      const Lists lists = leaf(part, multipart.type, i, in_alternative, is_signature(multipart, i), text, html);
      text = lists.text;
      html = lists.html;
    }
    if (multipart.type != "multipart/alternative" || text == nullptr || html == nullptr) return;
    const Parts new_text(text->begin() + static_cast<std::ptrdiff_t>(text_size), text->end());
    const Parts new_html(html->begin() + static_cast<std::ptrdiff_t>(html_size), html->end());
    if (new_text.empty()) text->insert(text->end(), new_html.begin(), new_html.end());
    if (new_html.empty()) html->insert(html->end(), new_text.begin(), new_text.end());
  }

  Lists leaf(const schema::Part& part, std::string_view outer, std::size_t position, bool in_alternative, bool signature,
             Parts* text, Parts* html) {
    const bool plain = part.type == "text/plain";
    const bool markup = part.type == "text/html";
    const bool media = is_media(part.type);
    const bool in_body = part.disposition != "attachment" && (plain || markup || media) &&
                         (position == 0 || (outer != "multipart/related" && (media || part.filename.empty())));
    if (!in_body) {
      attach(part, signature);
      return {text, html};
    }
    if (outer == "multipart/alternative") {
      if (plain && text != nullptr) text->push_back(&part);
      else if (markup && html != nullptr) html->push_back(&part);
      else attach(part, signature);
      return {text, html};
    }
    if (in_alternative && plain) html = nullptr;
    if (in_alternative && markup) text = nullptr;
    if (text != nullptr) text->push_back(&part);
    if (html != nullptr) html->push_back(&part);
    if ((text == nullptr || html == nullptr) && media) attach(part, signature);
    return {text, html};
  }

  void attach(const schema::Part& part, bool signature) {
    into_.attachments.push_back(&part);
    if (part.disposition != "inline" && !signature) into_.has_attachment = true;
  }

  BodyStructure& into_;
};

bool read_number(std::string_view text, unsigned& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0;
}

}  // namespace

BodyStructure body_structure(const schema::Part& root) {
  BodyStructure body;
  Sorting(body).root(root);
  return body;
}

std::optional<Fragment> fragment_of(const std::vector<schema::HeaderField>& fields) {
  const auto field = std::find_if(fields.begin(), fields.end(), [](const schema::HeaderField& each) {
    return equals_ignoring_case(each.name, "content-type");
  });
  if (field == fields.end()) return std::nullopt;
  const ParameterizedValue type = parse_parameterized(field->value);
  const Parameter* id = type.find("id");
  const Parameter* number = type.find("number");
  Fragment fragment;
  if (type.value != "message/partial" || id == nullptr || id->value.empty() || number == nullptr ||
      !read_number(number->value, fragment.number)) {
    return std::nullopt;
  }
  fragment.id = clean_text(truncate_utf8(id->value, 998));
  const Parameter* total = type.find("total");
  if (total != nullptr && !read_number(total->value, fragment.total)) fragment.total = 0;
  return fragment;
}

}  // namespace telepost::transcoders::mime
