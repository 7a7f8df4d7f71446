// JSON for checkpoints and configurations: a stream of events for readers that keep nothing, and a
// document, of which no object has a key twice and whose getters name file, key, expected and
// actual. The only header that meets the JSON library (component reckon::json); it does not write
// documents.
#pragma once

#include <reckon/io/load_error.hpp>
#include <reckon/io/mapped_file.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// What a streaming reader is told, in the order of the text. A format overrides what it allows
/// and throws from `refuse` for the rest, which is also what bounds the nesting.
class json_events {
  public:
    virtual ~json_events() = default;

    virtual void open_object() { refuse("an object"); }
    virtual void close_object() {}
    virtual void open_array() { refuse("an array"); }
    virtual void close_array() {}
    virtual void key(const std::string&) {}
    virtual void text(const std::string&) { refuse("a string"); }
    virtual void number(std::uint64_t) { refuse("an integer"); }  // never negative
    virtual void refuse(const std::string& actual) = 0;
};

namespace detail {

/// The parser's own words, such as "parse error at line 2, column 5: ...", without the text it read
/// last, which need not be fit to be shown.
[[noreturn]] inline void refuse_json(std::string_view file,
                                     const nlohmann::json::exception& error) {
    std::string_view reason = error.what();
    reason = reason.substr(0, reason.find("; last read"));
    throw load_error("json", file, "JSON", legible(reason.substr(reason.find(' ') + 1)));
}

// What the JSON library tells a reader: events go on to `json_events`, or become a document. Both
// through one virtual interface, so that its parser is compiled once.
class json_handler : public nlohmann::json_sax<nlohmann::json> {
  public:
    explicit json_handler(std::string_view file) : file(file) {}

    bool parse_error(std::size_t, const std::string&,
                     const nlohmann::json::exception& error) final {
        refuse_json(file, error);
    }

  protected:
    std::string_view file;
};

class json_event_handler final : public json_handler {
  public:
    json_event_handler(std::string_view file, json_events& events)
        : json_handler(file), events_(events) {}

    bool null() override { return refuse("null"); }
    bool boolean(bool value) override { return refuse(value ? "true" : "false"); }
    bool number_integer(std::int64_t value) override { return refuse(std::to_string(value)); }
    bool number_unsigned(std::uint64_t value) override { return events_.number(value), true; }
    bool number_float(double, const std::string& digits) override {
        return refuse(legible(digits));
    }
    bool string(std::string& value) override { return events_.text(value), true; }
    bool binary(nlohmann::json::binary_t&) override { return refuse("binary data"); }
    bool start_object(std::size_t) override { return events_.open_object(), true; }
    bool key(std::string& name) override { return events_.key(name), true; }
    bool end_object() override { return events_.close_object(), true; }
    bool start_array(std::size_t) override { return events_.open_array(), true; }
    bool end_array() override { return events_.close_array(), true; }

  private:
    bool refuse(const std::string& actual) { return events_.refuse(actual), false; }

    json_events& events_;
};

class json_document final : public json_handler {
  public:
    json_document(std::string_view file, int depth) : json_handler(file), depth_(depth) {}

    nlohmann::json root;

    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(std::int64_t value) override { return add(value); }
    bool number_unsigned(std::uint64_t value) override { return add(value); }
    bool number_float(double value, const std::string&) override { return add(value); }
    bool string(std::string& value) override { return add(std::move(value)); }
    bool binary(nlohmann::json::binary_t& value) override { return add(std::move(value)); }
    bool start_object(std::size_t) override { return open(nlohmann::json::object()); }
    bool key(std::string& name) override {
        if (open_.back()->contains(name))
            throw load_error("json", file, "each key once", in_quotes(name) + " twice");
        key_ = std::move(name);
        return true;
    }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(nlohmann::json::array()); }
    bool end_array() override { return close(); }

  private:
    nlohmann::json& place() {
        if (open_.empty()) return root;
        nlohmann::json& parent = *open_.back();
        return parent.is_array() ? parent.emplace_back() : parent[key_];
    }
    bool add(nlohmann::json value) { return place() = std::move(value), true; }
    bool open(nlohmann::json empty) {
        if (open_.size() == std::size_t(depth_))
            throw load_error("json", file, "nesting of at most " + std::to_string(depth_), "more");
        nlohmann::json& here = place() = std::move(empty);
        open_.push_back(&here);
        return true;
    }
    bool close() { return open_.pop_back(), true; }

    int depth_;
    std::vector<nlohmann::json*> open_;  // from the root to where the text is
    std::string key_;
};

// The JSON library takes a zero byte for the end of the text and skips a byte order mark; a file
// must not hide anything behind the first, and JSON has no place for either.
inline void read_json(std::string_view text, std::string_view file, json_handler& handler) {
    const auto zero = text.find('\0');
    if (zero != text.npos)
        throw load_error("json", file, "JSON", "a zero byte at " + std::to_string(zero));
    if (text.substr(0, 3) == "\xef\xbb\xbf")
        throw load_error("json", file, "JSON", "a byte order mark");
    nlohmann::json_sax<nlohmann::json>* const told = &handler;
    nlohmann::json::sax_parse(text, told);
}

}  // namespace detail

/// Reads `text` once, front to back, keeping nothing; strings are strict UTF-8. `file` is for
/// errors.
inline void read_json_events(std::string_view text, std::string_view file, json_events& events) {
    detail::json_event_handler handler{file, events};
    detail::read_json(text, file, handler);
}

/// A string as JSON writes it, in quotes.
inline std::string json_string(std::string_view text) {
    try {
        return nlohmann::json(text).dump();
    } catch (const nlohmann::json::exception&) {
        throw load_error("json", in_quotes(text), "UTF-8", "other bytes");
    }
}

/// What a configuration may hold: a count, a switch, a number, a text.
template <class T>
concept json_value = std::same_as<T, idx> || std::same_as<T, bool> || std::floating_point<T> ||
    std::same_as<T, std::string>;

/// What a document may ask of memory and stack.
struct json_limits {
    idx bytes = idx{1} << 26;
    int depth = 64;
};

/// An object of a configuration file; it knows where it stands, for errors.
class json_object {
  public:
    /// Reads the file at `path`, whose whole text is one object.
    static json_object read(const std::string& path, const json_limits& limit = {}) {
        const mapped_file file{path};
        const auto bytes = file.bytes();
        return parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path, limit);
    }
    /// `file` names the text in errors.
    static json_object parse(std::string_view text, std::string_view file,
                             const json_limits& limit = {}) {
        nlohmann::json root = document(text, file, limit);
        if (!root.is_object()) throw load_error("json", file, "one object", shown(root));
        return {std::string{file}, std::move(root)};
    }
    /// Reads the file at `path`, whose whole text is a list of objects.
    static std::vector<json_object> read_list(const std::string& path,
                                              const json_limits& limit = {}) {
        const mapped_file file{path};
        const auto bytes = file.bytes();
        return list(
            document({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path, limit),
            path);
    }

    bool has(const char* key) const {
        const auto found = value_.find(key);
        return found != value_.end() && !found->is_null();
    }

    template <json_value T> T required(const char* key) const {
        if (!value_.contains(key)) missing(key);
        return convert<T>(key, value_[key]);
    }
    /// Of a key that may be absent or null.
    template <json_value T> T value_or(const char* key, T fallback) const {
        return has(key) ? convert<T>(key, value_[key]) : fallback;
    }
    json_object child(const char* key) const {
        if (!value_.contains(key)) missing(key);
        if (!value_[key].is_object()) refuse(key, "an object", value_[key]);
        return {place(key), value_[key]};
    }

    /// The objects of a list; none where the key is absent or null.
    std::vector<json_object> children(const char* key) const {
        return has(key) ? list(value_[key], place(key)) : std::vector<json_object>{};
    }

    /// An integer or a list of them; nothing where the key is absent or null.
    std::vector<idx> numbers(const char* key) const {
        std::vector<idx> all;
        if (!has(key)) return all;
        if (!value_[key].is_array()) return {convert<idx>(key, value_[key])};
        for (const auto& one : value_[key]) all.push_back(convert<idx>(key, one));
        return all;
    }
    /// Every key of an object of strings, with its value, sorted by key.
    std::vector<std::pair<std::string, std::string>> texts() const {
        std::vector<std::pair<std::string, std::string>> all;
        for (const auto& [key, value] : value_.items())
            all.emplace_back(key, convert<std::string>(key.c_str(), value));
        return all;
    }
    /// The keys, sorted.
    std::vector<std::string> keys() const {
        std::vector<std::string> all;
        for (const auto& [key, value] : value_.items()) all.push_back(key);
        return all;
    }
    /// A key of this object, as errors call it.
    std::string place(const char* key) const { return place_ + ": " + in_quotes(key); }

  private:
    json_object(std::string place, nlohmann::json value)
        : place_(std::move(place)), value_(std::move(value)) {}

    static nlohmann::json document(std::string_view text, std::string_view file,
                                   const json_limits& limit) {
        if (text.size() > limit.bytes)
            throw load_error("json", file, "at most " + std::to_string(limit.bytes) + " bytes",
                             std::to_string(text.size()));
        detail::json_document document{file, limit.depth};
        detail::read_json(text, file, document);
        return std::move(document.root);
    }
    static std::vector<json_object> list(const nlohmann::json& value, const std::string& place) {
        if (!value.is_array()) throw load_error("json", place, "a list of objects", shown(value));
        std::vector<json_object> all;
        for (const auto& item : value) {
            const std::string here = place + ": item " + std::to_string(all.size());
            if (!item.is_object()) throw load_error("json", here, "an object", shown(item));
            all.push_back({here, item});
        }
        return all;
    }

    template <class T> T convert(const char* key, const nlohmann::json& value) const {
        if constexpr (std::same_as<T, bool>) {
            if (!value.is_boolean()) refuse(key, "true or false", value);
        } else if constexpr (std::same_as<T, idx>) {
            if (!value.is_number_unsigned()) refuse(key, "a non-negative integer", value);
        } else if constexpr (std::same_as<T, std::string>) {
            if (!value.is_string()) refuse(key, "a string", value);
        } else {
            if (!value.is_number()) refuse(key, "a number", value);
            if (!std::isfinite(value.get<T>())) refuse(key, "a number in the type's range", value);
        }
        return value.get<T>();
    }

    [[noreturn]] void missing(const char* key) const {
        throw load_error("json", place(key), "a value", "nothing");
    }
    [[noreturn]] void refuse(const char* key, const char* expected,
                             const nlohmann::json& actual) const {
        throw load_error("json", place(key), expected, shown(actual));
    }
    static std::string shown(const nlohmann::json& value) {
        if (value.is_structured()) return std::string{"an "} + value.type_name();
        return value.is_string() ? in_quotes(value.get_ref<const std::string&>())
                                 : legible(value.dump());
    }

    std::string place_;
    nlohmann::json value_;
};

}}}  // namespace reckon::v0::RECKON_ISA
