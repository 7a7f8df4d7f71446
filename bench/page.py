def html(data): return ""
