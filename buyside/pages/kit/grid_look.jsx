// The parts of AG Grid that are used, and its look in the page's own colours.
import {
  CellStyleModule, ColumnApiModule, ColumnAutoSizeModule, CustomEditorModule, DateEditorModule, EventApiModule, InfiniteRowModelModule,
  LargeTextEditorModule, ModuleRegistry, PinnedRowModule, RenderApiModule, RowApiModule, RowSelectionModule, RowStyleModule, ScrollApiModule,
  TooltipModule, themeQuartz,
} from "ag-grid-community";

ModuleRegistry.registerModules([
  CellStyleModule, ColumnApiModule, ColumnAutoSizeModule, CustomEditorModule, DateEditorModule, EventApiModule, InfiniteRowModelModule,
  LargeTextEditorModule, PinnedRowModule, RenderApiModule, RowApiModule, RowSelectionModule, RowStyleModule, ScrollApiModule, TooltipModule,
]);

export const look = themeQuartz.withParams({
  backgroundColor: "var(--color-panel-solid)", foregroundColor: "var(--gray-12)", textColor: "var(--gray-12)",
  borderColor: "var(--gray-5)", accentColor: "var(--accent-9)", fontFamily: "inherit", fontSize: 13, spacing: 6,
  rowHeight: 30, headerHeight: 32, cellHorizontalPadding: 12, headerBackgroundColor: "var(--gray-2)",
  headerTextColor: "var(--gray-11)", headerFontSize: 12, headerFontWeight: 500, rowHoverColor: "var(--gray-a3)",
  selectedRowBackgroundColor: "var(--accent-a3)", wrapperBorder: false, wrapperBorderRadius: 0, columnBorder: false,
  headerColumnBorder: false, headerColumnResizeHandleColor: "var(--gray-6)", iconSize: 14, menuBackgroundColor: "var(--color-panel-solid)",
  inputHeight: 28, checkboxBorderRadius: 3,
});
