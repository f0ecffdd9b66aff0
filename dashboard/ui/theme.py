"""Gradio's theme, in the tokens of assets/css/00-tokens.css, so that light and dark are chosen in one place."""

from gradio.themes import Base

# System fonts only: a font server would be an outside request.
SANS = ("Inter", "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "system-ui", "Arial")
MONO = ("ui-monospace", "SF Mono", "Consolas", "DejaVu Sans Mono", "monospace")

# The page is painted with these before our style sheet arrives; dark, so that a reading room is not lit up.
BEFORE_STYLES = {"body_background_fill": "var(--bl-bg, #0b0e12)", "body_text_color": "var(--bl-text, #d9dee6)"}

TOKENS = {
    "body_text_color_subdued": "muted",
    "background_fill_primary": "surface",
    "background_fill_secondary": "bg",
    "border_color_accent": "accent",
    "border_color_primary": "line",
    "color_accent_soft": "raised",
    "link_text_color": "accent",
    "link_text_color_hover": "accent",
    "link_text_color_visited": "accent",
    "link_text_color_active": "accent",
    "block_background_fill": "surface",
    "block_border_color": "line",
    "block_label_background_fill": "surface",
    "block_label_border_color": "line",
    "block_label_text_color": "muted",
    "block_title_text_color": "muted",
    "block_info_text_color": "muted",
    "panel_background_fill": "surface",
    "panel_border_color": "line",
    "input_background_fill": "field",
    "input_background_fill_focus": "field",
    "input_background_fill_hover": "field",
    "input_border_color": "line",
    "input_border_color_focus": "accent",
    "input_border_color_hover": "edge",
    "input_placeholder_color": "muted",
    "slider_color": "accent",
    "loader_color": "accent",
    "button_primary_background_fill": "action",
    "button_primary_background_fill_hover": "action-hover",
    "button_primary_border_color": "action",
    "button_primary_text_color": "on-action",
    "button_secondary_background_fill": "raised",
    "button_secondary_background_fill_hover": "line",
    "button_secondary_border_color": "line",
    "button_secondary_text_color": "text",
    "error_background_fill": "surface",
    "error_border_color": "bad",
    "error_text_color": "bad",
    "error_icon_color": "bad",
    "table_border_color": "line",
    "table_even_background_fill": "surface",
    "table_odd_background_fill": "surface",
    "table_row_focus": "raised",
    "table_text_color": "text",
    "code_background_fill": "raised",
    "accordion_text_color": "text",
}


def theme() -> Base:
    """The theme of both the dark reading room and the light office."""
    values = BEFORE_STYLES | {name: f"var(--bl-{token})" for name, token in TOKENS.items()}
    both = values | {f"{name}_dark": value for name, value in values.items()}
    base = Base(font=SANS, font_mono=MONO, radius_size="sm", spacing_size="sm", text_size="sm")
    return base.set(
        **both,
        color_accent="var(--bl-accent)",
        block_border_width="1px",
        block_shadow="none",
        block_label_shadow="none",
        input_shadow="none",
        input_shadow_focus="none",
        block_radius="6px",
        layout_gap="10px",
    )
