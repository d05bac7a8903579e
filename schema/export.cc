#include "schema/export.h"

#include <memory>

#include "base/bytes.h"
#include "schema/document_builder.h"
#include "schema/xml/grammar.h"
#include "schema/xml/writer.h"

namespace telepost::schema {
namespace {

constexpr std::size_t kChunkBytes = 49'152;            // 64 KiB of base64; message.xsd says the same
constexpr std::size_t kMaxStateElements = 64 + 1'024;  // placements, keywords
constexpr std::size_t kMaxAnnotations = 10'000;

std::string state_xml(const ExportedState& state) {
  std::string out;
  xml::Writer writer(out);
  writer.open("state")
      .attribute("created-modseq", state.created_modseq.value)
      .attribute("modseq", state.modseq.value);
  for (const ExportedPlacement& placement : state.placements) {
    writer.open("placement")
        .attribute("mailbox", placement.mailbox)
        .attribute("uid", placement.uid.value)
        .close();
  }
  for (const std::string& keyword : state.keywords) writer.element("keyword", keyword);
  writer.close();
  return out;
}

class StateBuilder final : public xml::Handler {
 public:
  Result<void> start(const xml::Element& element) override {
    if (++elements_ > kMaxStateElements) return {Errc::too_large, "too many placements or keywords"};
    TELEPOST_TRY(budget_.spend(element));
    xml::Attributes attributes(element);
    if (element.name == "state") {
      state_.created_modseq = Modseq{attributes.take_number("created-modseq")};
      state_.modseq = Modseq{attributes.take_number("modseq")};
    } else if (element.name == "placement") {
      state_.placements.push_back({attributes.take_required("mailbox"), Uid{take_u32(attributes, "uid")}});
    }
    in_keyword_ = element.name == "keyword";
    text_.clear();
    exact_text_ = attributes.exact_text();
    return attributes.finish();
  }
  Result<void> text(std::string_view utf8) override {
    TELEPOST_TRY(budget_.spend(utf8));
    text_.append(utf8);
    return {};
  }
  Result<void> end() override {
    if (in_keyword_) state_.keywords.push_back(exact_text_ ? std::move(*exact_text_) : std::move(text_));
    in_keyword_ = false;
    text_.clear();
    return {};
  }
  const ExportedState& state() const { return state_; }

 private:
  ExportedState state_;
  Budget budget_;
  std::size_t elements_ = 0;
  bool in_keyword_ = false;
  std::string text_;
  std::optional<std::string> exact_text_;
};

// The grammar sees to order and shape; this sorts the events to the builders and keeps only one part at a
// time.
class ExportReader final : public xml::Handler {
 public:
  ExportReader(ImportHandler& handler, const ImportLimits& limits) : handler_(handler), limits_(limits) {}

  Result<void> start(const xml::Element& element) override {
    ++depth_;
    if (depth_ == 1) {
      if (element.name == "message" && element.uri == kMessageNamespace) return {};
      return {Errc::invalid, "this is <" + element.name.substr(0, 40) + ">, not the <message> of an export"};
    }
    if (depth_ == 2) TELEPOST_TRY(open_section(element.name));
    if (in_content_) return {};
    return section_ == nullptr ? Result<void>(Errc::invalid, "an element with no place in an export")
                               : section_->start(element);
  }

  Result<void> text(std::string_view utf8) override {
    if (section_ != nullptr) return section_->text(utf8);
    if (!in_content_ || depth_ < 3) return {};
    if (chunk_.size() + utf8.size() > 2 * kChunkBytes)
      return {Errc::too_large, "a chunk of the content is too large"};
    chunk_.append(utf8);
    return {};
  }

  Result<void> end() override {
    --depth_;
    if (in_content_ && depth_ == 2) return take_chunk();
    if (section_ != nullptr) TELEPOST_TRY(section_->end());
    return depth_ == 1 ? close_section() : Result<void>();
  }

  Result<void> finish() {
    if (content_bytes_ != size_bytes_) {
      return {Errc::invalid, "the content has " + std::to_string(content_bytes_) +
                                 " bytes, its document says " + std::to_string(size_bytes_)};
    }
    if (arrived_.finish() != digest_)
      return {Errc::invalid, "the content is not what its document's digest says"};
    return {};
  }

 private:
  // Document, annotations, state, content: the grammar itself would complain only at the end of <message>.
  Result<void> open_section(std::string_view name) {
    unsigned rank = 0;
    if (name == "document") section_ = std::make_unique<DocumentBuilder>(), rank = 1;
    if (name == "annotation") section_ = std::make_unique<AnnotationBuilder>(), rank = 2;
    if (name == "state") section_ = std::make_unique<StateBuilder>(), rank = 3;
    if (name == "content") in_content_ = true, rank = 4;
    const bool again = rank == rank_ && rank == 2;
    if (rank == 0 || (rank <= rank_ && !again) || (rank_ == 0 && rank != 1)) {
      return {Errc::invalid, "<" + std::string(name.substr(0, 40)) + "> has no place here in an export"};
    }
    rank_ = rank;
    return {};
  }

  Result<void> close_section() {
    const std::unique_ptr<xml::Handler> section = std::move(section_);
    in_content_ = false;
    if (auto* builder = dynamic_cast<DocumentBuilder*>(section.get()))
      return take_document(std::move(*builder).take());
    if (auto* builder = dynamic_cast<AnnotationBuilder*>(section.get())) {
      if (++annotations_ > kMaxAnnotations) return {Errc::too_large, "too many annotations"};
      return handler_.annotation(std::move(*builder).take());
    }
    if (auto* builder = dynamic_cast<StateBuilder*>(section.get())) return handler_.state(builder->state());
    return {};
  }

  Result<void> take_document(const Document& document) {
    if (document.trace_size_bytes > document.size_bytes)
      return {Errc::invalid, "trace-size is larger than size"};
    if (document.size_bytes > limits_.content_bytes)
      return {Errc::too_large, "the message is larger than its limit"};
    size_bytes_ = document.size_bytes;
    trace_size_bytes_ = document.trace_size_bytes;
    digest_ = document.digest;
    return handler_.document(document);
  }

  Result<void> take_chunk() {
    std::erase_if(chunk_, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
    TELEPOST_ASSIGN(const std::string bytes, from_base64(chunk_));
    chunk_.clear();
    if (bytes.size() > size_bytes_ - content_bytes_)
      return {Errc::invalid, "the content is larger than its document says"};
    const std::uint64_t skip = content_bytes_ < trace_size_bytes_
                                   ? std::min<std::uint64_t>(trace_size_bytes_ - content_bytes_, bytes.size())
                                   : 0;
    arrived_.update(std::string_view(bytes).substr(skip));
    content_bytes_ += bytes.size();
    return handler_.content(bytes);
  }

  ImportHandler& handler_;
  const ImportLimits& limits_;
  unsigned depth_ = 0;
  unsigned rank_ = 0;  // of the section that was last opened
  bool in_content_ = false;
  std::unique_ptr<xml::Handler> section_;
  std::size_t annotations_ = 0;
  std::string chunk_;
  std::uint64_t content_bytes_ = 0;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t trace_size_bytes_ = 0;
  Digest digest_;
  Sha256 arrived_;
};

}  // namespace

Result<void> ExportWriter::begin(std::string_view document_xml,
                                 const std::vector<std::string>& annotations_xml,
                                 const ExportedState& state) {
  std::string head(xml::kDeclaration);
  head.append("<message xmlns=\"").append(kMessageNamespace).append("\">\n");
  TELEPOST_TRY(sink_(head.append(document_xml).append("\n")));
  for (const std::string& annotation : annotations_xml) TELEPOST_TRY(sink_(annotation + "\n"));
  TELEPOST_TRY(sink_(state_xml(state)));
  return sink_("\n<content encoding=\"base64\">\n");
}

Result<void> ExportWriter::write_chunk(std::string_view bytes) {
  return sink_("<chunk>" + to_base64(bytes) + "</chunk>\n");
}

Result<void> ExportWriter::content(std::string_view source_bytes) {
  while (waiting_.size() + source_bytes.size() >= kChunkBytes) {
    const std::size_t count = kChunkBytes - waiting_.size();
    waiting_.append(source_bytes.substr(0, count));
    source_bytes.remove_prefix(count);
    TELEPOST_TRY(write_chunk(waiting_));
    waiting_.clear();
  }
  waiting_.append(source_bytes);
  return {};
}

Result<void> ExportWriter::finish() {
  if (!waiting_.empty()) TELEPOST_TRY(write_chunk(waiting_));
  return sink_("</content>\n</message>\n");
}

Result<void> read_export(const xml::ByteSource& source, ImportHandler& handler, const ImportLimits& limits) {
  xml::Limits xml_limits = document_limits();
  xml_limits.elements = 2 * kMaxAnnotations + 2 * xml_limits.elements + limits.content_bytes / 64;
  xml_limits.bytes = 4 * xml_limits.bytes + limits.content_bytes * 2;
  ExportReader reader(handler, limits);
  TELEPOST_TRY(xml::parse(source, xml_limits, reader, &xml::message_grammar()));
  return reader.finish();
}

}  // namespace telepost::schema
