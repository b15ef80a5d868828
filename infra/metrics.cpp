#include "infra/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace dacapo {
namespace {

bool is_name(std::string_view name, bool colon_allowed) {
    const auto is_letter = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c == ':' && colon_allowed);
    };
    const auto is_inner = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
    return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), is_inner);
}

void append_escaped(std::string& out, std::string_view text, bool quoted) {
    for (const char c : text) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '"' && quoted) {
            out += "\\\"";
        } else {
            out += c;
        }
    }
}

template <class Number>
void append_number(std::string& out, Number number) {
    std::array<char, 32> text;
    out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr);
}

void append_value(std::string& out, double value) {
    if (std::isnan(value)) {
        out += "NaN";
    } else if (std::isinf(value)) {
        out += value > 0 ? "+Inf" : "-Inf";
    } else {
        append_number(out, value);
    }
}

// `name{labels,more} value`, without braces when there is nothing in them.
template <class Append>
void append_sample(std::string& out, std::string_view name, std::string_view labels, std::string_view more,
                   Append&& append_it) {
    out += name;
    if (!labels.empty() || !more.empty()) {
        out += '{';
        out += labels;
        if (!labels.empty() && !more.empty()) out += ',';
        out += more;
        out += '}';
    }
    out += ' ';
    append_it();
    out += '\n';
}

std::string label_text(const Labels& labels, bool others) {
    std::string text;
    for (const auto& [name, value] : labels) {
        if (!text.empty()) text += ',';
        text += name;
        text += "=\"";
        append_escaped(text, others ? "other" : value, true);
        text += '"';
    }
    return text;
}

std::vector<std::string> names_of(const Labels& labels) {
    std::vector<std::string> names;
    for (const auto& label : labels) {
        if (!is_name(label.first, false) || label.first.starts_with("__") || label.first == "le")
            throw std::invalid_argument("not a label name: " + label.first);
        if (std::find(names.begin(), names.end(), label.first) != names.end())
            throw std::invalid_argument("a label comes twice: " + label.first);
        names.push_back(label.first);
    }
    return names;
}

}  // namespace

std::size_t metrics_detail::stripe_of_this_thread() {
    static std::atomic<std::size_t> thread_count{0};
    thread_local const std::size_t stripe =
        thread_count.fetch_add(1, std::memory_order_relaxed) % stripe_count;
    return stripe;
}

std::uint64_t Counter::value() const {
    std::uint64_t sum = 0;
    for (const auto& stripe : stripes_) sum += stripe.count.load(std::memory_order_relaxed);
    return sum;
}

Histogram::Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)) {
    if (bounds_.empty() || !std::is_sorted(bounds_.begin(), bounds_.end(), std::less_equal<>()))
        throw std::invalid_argument("the bounds of a histogram must rise");
    for (auto& stripe : stripes_) stripe.counts = std::vector<std::atomic<std::uint64_t>>(bounds_.size() + 1);
}

void Histogram::observe(double value) {
    const auto bucket =
        static_cast<std::size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin());
    auto& stripe = stripes_[metrics_detail::stripe_of_this_thread()];
    stripe.counts[bucket].fetch_add(1, std::memory_order_relaxed);
    stripe.sum.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
    Snapshot now{std::vector<std::uint64_t>(bounds_.size() + 1), 0};
    for (const auto& stripe : stripes_) {
        for (std::size_t i = 0; i < now.counts.size(); ++i)
            now.counts[i] += stripe.counts[i].load(std::memory_order_relaxed);
        now.sum += stripe.sum.load(std::memory_order_relaxed);
    }
    return now;
}

std::vector<double> latency_bounds_s() {
    return {0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

Metrics::Series& Metrics::series(std::string_view name, std::string_view help, Kind kind,
                                 const Labels& labels) {
    if (!is_name(name, true)) throw std::invalid_argument("not a metric name: " + std::string(name));
    auto label_names = names_of(labels);
    auto [found, is_new] = families_.try_emplace(std::string(name));
    Family& family = found->second;
    if (is_new) {
        family.help = help;
        family.kind = kind;
        family.label_names = std::move(label_names);
    } else if (family.kind != kind || family.label_names != label_names) {
        throw std::invalid_argument("a metric of two kinds or with other labels: " + std::string(name));
    }
    auto text = label_text(labels, false);
    if (!family.series.contains(text) && family.series.size() >= series_per_name_max)
        text = label_text(labels, true);
    Series& result = family.series[text];
    result.labels = text;
    return result;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
    const std::lock_guard lock(mutex_);
    Series& place = series(name, help, Kind::counter, labels);
    if (!place.counter) place.counter = &counters_.emplace_back();
    return *place.counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
    const std::lock_guard lock(mutex_);
    Series& place = series(name, help, Kind::gauge, labels);
    if (place.read) throw std::invalid_argument("a gauge that is read from elsewhere: " + std::string(name));
    if (!place.gauge) place.gauge = &gauges_.emplace_back();
    return *place.gauge;
}

void Metrics::gauge_from(std::string_view name, std::string_view help, std::function<double()> read,
                         const Labels& labels) {
    const std::lock_guard lock(mutex_);
    Series& place = series(name, help, Kind::gauge, labels);
    if (place.gauge || place.read)
        throw std::invalid_argument("a gauge that is there already: " + std::string(name));
    place.read = std::move(read);
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                              const Labels& labels) {
    const std::lock_guard lock(mutex_);
    Series& place = series(name, help, Kind::histogram, labels);
    if (!place.histogram) place.histogram = &histograms_.emplace_back(std::move(bounds));
    return *place.histogram;
}

std::string Metrics::text() const {
    static constexpr std::array<std::string_view, 3> kinds{"counter", "gauge", "histogram"};
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& [name, family] : families_) {
        out += "# HELP " + name + ' ';
        append_escaped(out, family.help, false);
        out += "\n# TYPE " + name + ' ';
        out += kinds[static_cast<std::size_t>(family.kind)];
        out += '\n';
        for (const auto& [labels, one] : family.series) append(out, name, one);
    }
    return out;
}

void Metrics::append(std::string& out, const std::string& name, const Series& one) {
    if (one.counter)
        append_sample(out, name, one.labels, {}, [&] { append_number(out, one.counter->value()); });
    if (one.gauge) append_sample(out, name, one.labels, {}, [&] { append_value(out, one.gauge->value()); });
    if (one.read) append_sample(out, name, one.labels, {}, [&] { append_value(out, one.read()); });
    if (!one.histogram) return;
    const auto now = one.histogram->snapshot();
    const auto bounds = one.histogram->bounds();
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < now.counts.size(); ++i) {
        count += now.counts[i];
        std::string bound = "le=\"";
        append_value(bound, i < bounds.size() ? bounds[i] : INFINITY);
        bound += '"';
        append_sample(out, name + "_bucket", one.labels, bound, [&] { append_number(out, count); });
    }
    append_sample(out, name + "_sum", one.labels, {}, [&] { append_value(out, now.sum); });
    append_sample(out, name + "_count", one.labels, {}, [&] { append_number(out, count); });
}

}  // namespace dacapo
